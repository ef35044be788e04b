import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { topScores } from "./top-scores.ts";

test("takes the best scores, the lower slot among equals", () => {
  const scores = fc.array(fc.constantFrom(-Infinity, -1, 0, 0.25, 0.5, 1, 2, 3), { maxLength: 40 });
  fc.assert(
    fc.property(scores, fc.nat(45), fc.constantFrom(-Infinity, 0, 0.3), (scores, limit, above) => {
      const expected = [...scores.entries()]
        .filter(([, score]) => score > above)
        .sort(([i, a], [j, b]) => b - a || i - j)
        .slice(0, limit);
      const found = topScores(Float32Array.from(scores), limit, above);
      assert.deepEqual(
        [...found.slots],
        expected.map(([slot]) => slot),
      );
      assert.deepEqual(
        [...found.scores],
        expected.map(([, score]) => score),
      );
    }),
    { numRuns: 500 },
  );
});
