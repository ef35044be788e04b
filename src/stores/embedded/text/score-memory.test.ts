import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compiledScoreMemory, plainScoreMemory } from "./score-memory.ts";

const score = fc.oneof(fc.constant(0), fc.float({ min: 0, max: 40, noNaN: true }), fc.constantFrom(1e-20, 0.1, 39.99));

test("the kernel sums scores up to the bit as plain JavaScript does, in memory that is used again", () => {
  const compiled = compiledScoreMemory()!;
  const plain = plainScoreMemory();
  fc.assert(
    fc.property(fc.array(score, { maxLength: 40 }), fc.integer({ min: 0, max: 1100 }), (values, slots) => {
      const [left, right] = [compiled.zeros(slots), plain.zeros(slots)];
      assert.deepEqual([...left], [...right]);
      for (const scores of [left, right])
        for (const [at, value] of values.entries()) if (at * 29 < slots) scores[at * 29] = value;
      const [found, expected] = [compiled.summarize(), plain.summarize()];
      assert.deepEqual({ ...found, peaks: [...found.peaks] }, { ...expected, peaks: [...expected.peaks] });
    }),
    { numRuns: 300 },
  );
});

test("tells the sums, the matches and the best of each block", () => {
  for (const memory of [compiledScoreMemory()!, plainScoreMemory()]) {
    const scores = memory.zeros(600);
    scores.set([3, 0, 2]);
    scores[599] = 5;
    const { sum, squares, matched, peaks } = memory.summarize();
    assert.deepEqual([sum, squares, matched, [...peaks]], [10, 38, 3, [3, 0, 5]]);
  }
});
