import assert from "node:assert/strict";
import { test } from "node:test";
import { averagePrecision, ndcgAt, percentile, recallAt, reciprocalRankAt, successAt } from "./measures.ts";

/** Worked by hand after the definitions of trec_eval 9.0: three relevant documents, one of them not found. */
const judgements = new Map([
  ["a", 2],
  ["b", 1],
  ["c", 3],
  ["d", 0],
  ["e", -1],
]);
const ranking = ["x", "b", "e", "a", "d", "y"];
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} ≠ ${expected}`);

test("recall is the share of the relevant documents", () => {
  near(recallAt(2, ranking, judgements), 1 / 3);
  near(recallAt(10, ranking, judgements), 2 / 3);
});

test("nDCG takes grades as they are, discounts by log2 and knows the best order of all judged documents", () => {
  const gained = 1 / Math.log2(3) + 2 / Math.log2(5);
  near(ndcgAt(10, ranking, judgements), gained / (3 + 2 / Math.log2(3) + 1 / 2));
  near(ndcgAt(2, ranking, judgements), 1 / Math.log2(3) / (3 + 2 / Math.log2(3)));
  near(ndcgAt(10, ["c", "a", "b"], judgements), 1);
});

test("average precision counts what was not found as zero", () => {
  near(averagePrecision(ranking, judgements), (1 / 2 + 2 / 4) / 3);
});

test("the reciprocal rank is that of the first relevant document within the cut", () => {
  near(reciprocalRankAt(10, ranking, judgements), 1 / 2);
  near(reciprocalRankAt(1, ranking, judgements), 0);
  assert.deepEqual([successAt(1, ranking, judgements), successAt(2, ranking, judgements)], [0, 1]);
});

test("an empty ranking and empty judgements score zero", () => {
  for (const judged of [judgements, new Map<string, number>()]) {
    const scores = [recallAt(5, [], judged), ndcgAt(5, [], judged), averagePrecision([], judged)];
    assert.deepEqual(scores, [0, 0, 0]);
  }
});

test("a percentile is a value that occurred", () => {
  assert.deepEqual([percentile(0.5, [3, 1, 2]), percentile(0.95, [3, 1, 2]), percentile(0.5, [])], [2, 3, 0]);
});
