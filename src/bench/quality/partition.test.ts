import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePartitions } from "./partition.ts";

const labels = ["a", "a", "a", "b", "b", "b"];

test("the same partition under other names is the same", () => {
  assert.deepEqual(comparePartitions([7, 7, 7, 3, 3, 3], labels), { nmi: 1, adjustedRand: 1, purity: 1 });
});

test("one group for all says nothing", () => {
  const { nmi, adjustedRand, purity } = comparePartitions([1, 1, 1, 1, 1, 1], labels);
  assert.ok(Math.abs(nmi) < 1e-12 && Math.abs(adjustedRand) < 1e-12);
  assert.equal(purity, 0.5);
});

test("each thing alone is pure, and no better than chance", () => {
  const { adjustedRand, purity } = comparePartitions([1, 2, 3, 4, 5, 6], labels);
  assert.deepEqual([adjustedRand, purity], [0, 1]);
});
