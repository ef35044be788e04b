import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bestSlots } from "./search/best-slots.ts";
import { blockSlots, topScores } from "./top-scores.ts";

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

test("the best scores of blocks spare it the others and change nothing", () => {
  const entries = fc.array(fc.tuple(fc.nat(1999), fc.constantFrom(0.25, 0.5, 1, 2)), { maxLength: 60 });
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 20 }), (entries, limit) => {
      const scores = new Float32Array(2000);
      for (const [slot, score] of entries) scores[slot] = score;
      const peaks = Float32Array.from({ length: Math.ceil(2000 / blockSlots) }, (_none, block) =>
        Math.max(...scores.subarray(block * blockSlots, (block + 1) * blockSlots)),
      );
      assert.deepEqual(topScores(scores, limit, 0, peaks), topScores(scores, limit, 0));
      const unread = scores.map((score, slot) => (peaks[slot >> 8] === 0 ? Number.NaN : score));
      assert.deepEqual(topScores(unread, limit, 0, peaks), topScores(scores, limit, 0));
      const ids = (slots: readonly number[]) => new Map(slots.map((slot) => [slot, `c${(slot * 7) % 31}-${slot}`]));
      assert.deepEqual(bestSlots(unread, 0, limit, ids, peaks), bestSlots(scores, 0, limit, ids));
    }),
  );
});
