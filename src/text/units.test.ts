import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { splitSentences } from "./sentences.ts";
import { longestUnit, splitUnits } from "./units.ts";

const sentences = (text: string): string[] => splitSentences(text).map(({ start, end }) => text.slice(start, end));
const units = (text: string): string[] =>
  splitUnits(text).map(({ start, end, kind }) => `${kind}: ${text.slice(start, end)}`);

test("keeps notes in brackets with the sentence that they end", () => {
  assert.deepEqual(sentences("Ducks form many tribes.[10] Most dabble.[11][12] See [3] for more. In [4] too."), [
    "Ducks form many tribes.[10]",
    "Most dabble.[11][12]",
    "See [3] for more.",
    "In [4] too.",
  ]);
});

test("keeps the marks of Markdown with the sentence that they close", () => {
  assert.deepEqual(
    sentences("**Going back.** The index stays. It is *old.* So what? `a.b.` Then __all.__\nEnd. * One"),
    ["**Going back.**", "The index stays.", "It is *old.*", "So what?", "`a.b.`", "Then __all.__", "End.", "* One"],
  );
});

test("no sentence ends inside an address", () => {
  const linked = "Returns what [`decorate`](./Server.md#decorate) made, or [an error](../Errors.md#FST_ERR).";
  assert.deepEqual(sentences(`${linked} Then it ends.`), [linked, "Then it ends."]);
});

test("tags and fences that say nothing are no units", () => {
  const text =
    '<a id="limit"></a>\n\nThe limit is <b>one</b> megabyte.\n```js\nlisten(8080)\n```\n<!-- note -->\nIt can be raised.';
  assert.deepEqual(units(text), [
    "sentence: The limit is <b>one</b> megabyte.",
    "sentence: listen(8080)",
    "sentence: It can be raised.",
  ]);
});

test("ends a sentence where a reader would", () => {
  assert.deepEqual(sentences("It rained. We went home! Why? “Because.” He left."), [
    "It rained.",
    "We went home!",
    "Why?",
    "“Because.”",
    "He left.",
  ]);
});

test("does not end a sentence after abbreviations, initials and numbers", () => {
  for (const whole of [
    "Dr. Smith met Mrs. Jones of St. Louis.",
    "See Fig. 3 and No. 7 for J. R. R. Tolkien.",
    "The U.S. Senate met on Jan. 5 at 3.5 km.",
    "Fruits, e.g. Apples, cf. Smith et al. Nature.",
    "What is yahoo! doing there?",
  ]) {
    assert.deepEqual(sentences(whole), [whole]);
  }
});

test("ends a sentence after an abbreviation that another sentence follows", () => {
  assert.deepEqual(sentences("He moved to the U.S. The war was over. Was it? No. They paid Acme Inc. It closed."), [
    "He moved to the U.S.",
    "The war was over.",
    "Was it?",
    "No.",
    "They paid Acme Inc.",
    "It closed.",
  ]);
});

test("parts Chinese and Japanese sentences", () => {
  assert.deepEqual(sentences("今日は雨です。家に帰ります。"), ["今日は雨です。", "家に帰ります。"]);
});

test("makes rows that name their columns units of their own", () => {
  const rows = "name: Ann Lee; since: 2014; speaks: Norwegian\nname: Bo; since: 2019";
  assert.deepEqual(
    splitUnits(rows).map(({ start, end, kind }) => `${kind}: ${rows.slice(start, end)}`),
    rows.split("\n").map((row) => `table-row: ${row}`),
  );
});

test("lines that each name what they say are one record, the turns of a dialogue are not", () => {
  const record = "id: OPS-130\ntitle: Blank page. On Safari.\nstatus: open";
  assert.deepEqual(units(`${record}\n\nid: OPS-131`), [`record: ${record}`, "sentence: id: OPS-131"]);
  assert.deepEqual(units("Ann: Hello there.\nBo: Hi.\nAnn: How are you?"), [
    "sentence: Ann: Hello there.",
    "sentence: Bo: Hi.",
    "sentence: Ann: How are you?",
  ]);
});

test("makes headings, list items and table rows units of their own and joins wrapped lines", () => {
  const text = `# Power

The reactor was
shut down. It cooled.
- first item
  goes on. Still the item.
- second
2) third
Back to prose.

| name | watts |
|------|-------|
| lamp | 60 |
a\tb\tc
---
End`;
  assert.deepEqual(units(text), [
    "heading: # Power",
    "sentence: The reactor was\nshut down.",
    "sentence: It cooled.",
    "list-item: - first item\n  goes on. Still the item.",
    "list-item: - second",
    "list-item: 2) third",
    "sentence: Back to prose.",
    "heading: | name | watts |",
    "table-row: | lamp | 60 |",
    "table-row: a\tb\tc",
    "sentence: End",
  ]);
});

test("never joins what a blank line parts", () => {
  assert.deepEqual(units("one two\r\n\r\nthree four\n \nfive"), [
    "sentence: one two",
    "sentence: three four",
    "sentence: five",
  ]);
});

test("cuts long units between words", () => {
  const text = "word ".repeat(400).trim();
  const cut = splitUnits(text);
  assert.ok(cut.length === 4 && cut.every(({ start, end }) => end - start <= longestUnit));
  assert.equal(cut.map(({ start, end }) => text.slice(start, end)).join(" "), text);
});

test("covers every word exactly once, in order", () => {
  const piece = fc.constantFrom(
    "a",
    "B",
    ".",
    "\n",
    "\n\n",
    " ",
    "|",
    "- ",
    "# ",
    "\t",
    "\r\n",
    "7",
    "Mr. ",
    "x".repeat(700),
    "𠮷".repeat(301),
    "。",
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  const check = (whole: string): void => {
    let covered = "";
    let last = 0;
    for (const { start, end } of splitUnits(whole)) {
      assert.ok(start >= last && end > start && end - start <= longestUnit);
      assert.equal(whole.slice(start, end).trim().length, end - start);
      assert.ok(!/^[\udc00-\udfff]/.test(whole.slice(start, end)));
      covered += whole.slice(start, end);
      last = end;
    }
    assert.equal(covered.replace(/[^\p{L}\p{N}]/gu, ""), whole.replace(/[^\p{L}\p{N}]/gu, ""));
  };
  fc.assert(fc.property(text, check), { numRuns: 1000 });
});
