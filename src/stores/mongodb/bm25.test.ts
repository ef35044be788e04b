import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bm25Scorer, wordMask, type Group, type Weights } from "./bm25.ts";

/** The formula of `ports/chunk-store.ts`, word by word. */
function obvious(row: { readonly body: string; readonly title: string }, groups: readonly Group[], weights: Weights) {
  const fields = [
    { words: wordsOf(row.body), mark: "b", weight: 1, b: 0.4, average: weights.corpus.averageBody },
    { words: wordsOf(row.title), mark: "t", weight: 0.2, b: 0.3, average: weights.corpus.averageTitle },
  ];
  const scoreOf = (term: string): number =>
    fields
      .map(({ words, mark, weight, b, average }) => {
        const tf = words.filter((word) => word === term).length;
        if (tf === 0) return 0;
        const holding = Math.max(1, weights.frequencies.get(mark + term) ?? 0);
        const chunks = Math.max(weights.corpus.chunks, holding);
        const idf = Math.log(1 + (chunks - holding + 0.5) / (holding + 0.5));
        return (weight * idf * tf) / (tf + 0.9 * (1 - b + (b * words.length) / average));
      })
      .reduce((sum, score) => sum + score);
  return groups
    .map(({ terms, times }) => times * Math.max(0, ...terms.map(scoreOf)))
    .reduce((sum, score) => sum + score, 0);
}

const wordsOf = (joined: string): readonly string[] => (joined === "" ? [] : joined.split(" "));

const word = fc.constantFrom("a", "ab", "abc", "b", "ba", "é", "éa", "日本", "日", "š", "ša", "😀", "😀a", "0");
const joined = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));
const group = fc.record({
  terms: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
  times: fc.integer({ min: 1, max: 3 }),
});

test("scores row after row exactly as the formula does, word by word", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ body: joined, title: joined }), { minLength: 1, maxLength: 5 }),
      fc.array(group, { maxLength: 4 }),
      fc.dictionary(
        fc.tuple(fc.constantFrom("b", "t"), word).map((parts) => parts.join("")),
        fc.nat(60),
      ),
      fc.nat(50),
      (rows, groups, frequencies, chunks) => {
        const corpus = { chunks, averageBody: 7.5, averageTitle: 2.25, isOdd: false };
        const weights = { corpus, frequencies: new Map(Object.entries(frequencies)) };
        const scoreOf = bm25Scorer(groups, weights);
        for (const row of rows) {
          const terms = { ...row, words: "" };
          assert.equal(scoreOf({ terms }), obvious(row, groups, weights));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("says of row after row which of the words it has, a bit for each", () => {
  fc.assert(
    fc.property(fc.array(joined, { minLength: 1, maxLength: 5 }), fc.array(word, { maxLength: 31 }), (rows, terms) => {
      const maskOf = wordMask(terms);
      for (const row of rows) {
        const has = terms.map((term, bit) => (wordsOf(row).includes(term) ? 1 << bit : 0));
        assert.equal(
          maskOf(row),
          has.reduce((mask, bit) => mask | bit, 0),
        );
      }
    }),
  );
});
