import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { estimateTokens } from "./estimate-tokens.ts";

const pieces = /[\p{Script=Latin}\p{M}]+|\p{N}{1,3}|[^\S\n]*\n|[^\s\p{Script=Latin}\p{N}]/gu;

/** The same, as a grammar says it. */
function slowEstimate(text: string): number {
  const lengths = [...text.matchAll(pieces)].map(([piece]) => piece.length);
  return Math.ceil(1.1 * lengths.reduce((sum, length) => sum + Math.ceil(length / 6) + (length > 9 ? 1 : 0), 0));
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", "é", "e\u0301", "Z", "1", "٣", "𝟙", " ", "\t", "\n", "\u2028", "。", "字", "🦆", "-"),
  }),
);

test("counts what the grammar of its pieces counts, in every script", () =>
  fc.assert(
    fc.property(text, (given) => assert.equal(estimateTokens(given), slowEstimate(given))),
    { numRuns: 2000 },
  ));

test("counts never more than a tenth above one for each UTF-16 unit: what is short need not be counted", () =>
  fc.assert(fc.property(text, (given) => assert.ok(estimateTokens(given) <= Math.ceil(1.1 * given.length)))));
