import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Mention } from "../records.ts";
import { mention, versionOf } from "../testing/contract/examples.ts";
import { nameKey } from "../text/name-key.ts";
import { centralSentences, type CommunityPassage } from "./central-sentences.ts";

const namesOf = (id: string, names: readonly string[]): readonly Mention[] =>
  names.map((name) => mention(`${id}:0`, nameKey(name), "body", name));

const passage = (id: string, text: string, names: readonly string[]): CommunityPassage => ({
  chunk: versionOf({ id, parts: [text] }).chunks[0]!,
  mentions: namesOf(id, names),
});

const weights = new Map([
  ["bob dane", 3],
  ["delft", 2],
  ["ann lee", 1],
]);

test("takes the sentence with the strongest names, then what it left open", () => {
  const first = passage("a", "Ink is always blue in this house. Bob Dane was born in Delft long ago.", [
    "Bob Dane",
    "Delft",
  ]);
  const second = passage("b", "Bob Dane moved out of Delft in spring. Here Ann Lee tells of her garden.", [
    "Bob Dane",
    "Delft",
    "Ann Lee",
  ]);
  assert.deepEqual(
    centralSentences([first, second], weights, 2).map(({ quote }) => quote),
    ["Bob Dane was born in Delft long ago.", "Here Ann Lee tells of her garden."],
  );
});

test("takes no second sentence that names nothing new", () => {
  const one = passage("a", "Bob Dane was born in Delft long ago. Bob Dane left Delft very soon again.", [
    "Bob Dane",
    "Delft",
  ]);
  assert.equal(centralSentences([one], weights, 2).length, 1);
});

test("a row of a table stands in only where no sentence has a name", () => {
  const row = "| Bob Dane | Delft | founder of a firm |";
  const table = passage("a", row, ["Bob Dane", "Delft"]);
  const prose = passage("b", "Nobody but Ann Lee was at home that day.", ["Ann Lee"]);
  const quotesOf = (...given: CommunityPassage[]) => centralSentences(given, weights, 1).map(({ quote }) => quote);
  assert.deepEqual(quotesOf(table, prose), ["Nobody but Ann Lee was at home that day."]);
  assert.deepEqual(quotesOf(table), [row]);
});

test("names that only a title has leave the first sentence; a name of another community counts nothing", () => {
  const one = passage("a", "Ink is always blue in this house. Old Crow came by much later on.", [
    "Bob Dane",
    "Old Crow",
  ]);
  assert.deepEqual(
    centralSentences([one], weights, 2).map(({ quote }) => quote),
    ["Ink is always blue in this house."],
  );
});

test("what is made of tags is shown only where there is nothing else", () => {
  const tags = '<td><a href="https://a.example/bob-dane">Bob Dane</a> <img src="b.png" alt="Bob Dane"/></td>';
  const quotesOf = (text: string) =>
    centralSentences([passage("a", text, ["Bob Dane"])], weights, 1).map(({ quote }) => quote);
  assert.deepEqual(quotesOf(`${tags}\n\nHe kept the lamp for nineteen years.`), [
    "He kept the lamp for nineteen years.",
  ]);
  assert.deepEqual(quotesOf(tags), [tags]);
});

test("every sentence stands word for word at its offsets in the document", () => {
  const sentence = fc.constantFrom(
    "Bob Dane was born in Delft long ago.",
    "In Delft 😀 the canals freeze each winter.",
    "Ann Lee says that nobody was at home.",
    "Short one.",
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(sentence, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      (parts) => {
        const version = versionOf({ id: "d", parts: parts.map((sentences) => sentences.join(" ")) });
        const passages = version.chunks.map((chunk) => ({
          chunk,
          mentions: namesOf("d", ["Bob Dane", "Delft", "Ann Lee"]),
        }));
        for (const { start, end, quote } of centralSentences(passages, weights, 3))
          assert.equal(version.text.slice(start, end), quote);
      },
    ),
  );
});
