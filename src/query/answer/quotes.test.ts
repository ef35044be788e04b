import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chunkNamed } from "../world.test.fixture.ts";
import { quotesOf } from "./quotes.ts";
import type { ScoredUnit } from "./scored-units.ts";

const text = "Storks nest on roofs. They return in March. It is cold then. Eggs are white.";

/** The words from `start` to `end`, found in a passage that is the whole text from `from` on. */
function unit(start: number, end: number, more: { from?: number; previousStart?: number; document?: string } = {}) {
  const { from = 0, previousStart = null, document = "storks" } = more;
  const content = text.slice(from);
  const span = { start: from, end: text.length, page: null };
  const chunk = { ...chunkNamed(`${document}:${from}`, content), document_id: document, span };
  return {
    hit: { candidate: { chunk } },
    start,
    end,
    text: text.slice(start, end),
    previousStart,
  } as unknown as ScoredUnit;
}
const letters = (words: string): string => words.replaceAll(/[^a-z]/gi, "");
const quotes = (...units: readonly ScoredUnit[]) => quotesOf(units).map(({ quote }) => quote);

test("a quote that begins with it, they, this … begins with the unit before", () => {
  assert.deepEqual(quotes(unit(22, 43, { previousStart: 0 })), ["Storks nest on roofs. They return in March."]);
  assert.deepEqual(quotes(unit(22, 43)), ["They return in March."]);
  assert.deepEqual(quotes(unit(61, 76, { previousStart: 44 })), ["Eggs are white."]);
});

test("overlapping quotes of one document are one quote, whichever passages they were found in", () => {
  const both = "Storks nest on roofs. They return in March.";
  assert.deepEqual(quotes(unit(0, 21), unit(22, 43, { previousStart: 0 })), [both]);
  assert.deepEqual(quotes(unit(22, 43, { previousStart: 0 }), unit(0, 21)), [both]);
  assert.deepEqual(
    quotes(unit(22, 43, { previousStart: 0 }), unit(61, 76), unit(44, 60, { from: 22, previousStart: 22 })),
    [`${both} It is cold then.`, "Eggs are white."],
  );
});

test("words that another quote has are not quoted again from another document", () => {
  const longer = unit(22, 43, { previousStart: 0, document: "copy" });
  assert.deepEqual(quotes(unit(0, 21), unit(61, 76), longer), [
    longer.hit.candidate.chunk.content.slice(0, 43),
    "Eggs are white.",
  ]);
});

test("whatever the units, quotes stand in the text at their offsets and never overlap in a document", () => {
  const units = fc.array(
    fc.record({
      from: fc.nat(20),
      a: fc.nat(50),
      b: fc.integer({ min: 1, max: 25 }),
      back: fc.nat(10),
      document: fc.constantFrom("a", "b"),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(units, (given) => {
      const made = given.map(({ from, a, b, back, document }) =>
        unit(from + a, Math.min(text.length, from + a + b), {
          from,
          document,
          previousStart: Math.max(from, from + a - back),
        }),
      );
      const found = quotesOf(made);
      for (const { text: words } of made) assert.ok(found.some(({ quote }) => letters(quote).includes(letters(words))));
      for (const [index, one] of found.entries()) {
        assert.equal(text.slice(one.start, one.end), one.quote);
        for (const other of found.slice(index + 1)) {
          const apart = one.end <= other.start || other.end <= one.start;
          assert.ok(apart || one.chunk.document_id !== other.chunk.document_id);
        }
      }
    }),
  );
});
