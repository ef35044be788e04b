import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { bestSlots, bestWithin, type ChunkIds } from "./best-slots.ts";

const idOf = (slot: number): string => `c${(slot * 7) % 31}-${slot}`;
const ids: ChunkIds = (slots) => new Map(slots.map((slot) => [slot, idOf(slot)]));

const scores = fc.array(fc.constantFrom(-Infinity, 0, 0.25, 0.5, 0.75, 1), { maxLength: 60 });

const slowBest = (all: readonly number[], floor: number, limit: number): readonly number[] =>
  [...all.keys()]
    .filter((slot) => all[slot]! > floor)
    .toSorted((a, b) => all[b]! - all[a]! || (idOf(a) < idOf(b) ? -1 : 1))
    .slice(0, limit);

test("the best are chosen and ordered by score, then by chunk id, also at the cut", () => {
  fc.assert(
    fc.property(scores, fc.constantFrom(0, -Infinity), fc.integer({ min: 1, max: 20 }), (all, floor, limit) => {
      const found = bestSlots(Float32Array.from(all), floor, limit, ids).map(({ slot }) => slot);
      assert.deepEqual(found, slowBest(all, floor, limit));
    }),
  );
});

test("whatever may be among the best within a margin is kept", () => {
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 10 }), (all, limit) => {
      const found = bestWithin(null, Float32Array.from(all), { limit, margin: 0.3, most: 100 }, ids);
      const worst = all[slowBest(all, -Infinity, limit).at(-1)!] ?? -Infinity;
      const wanted = [...all.keys()].filter((slot) => all[slot]! > -Infinity && all[slot]! >= worst - 0.3);
      const expected = slowBest(all, -Infinity, limit).length < limit ? slowBest(all, -Infinity, Infinity) : wanted;
      assert.deepEqual(found.toSorted(), expected.toSorted());
      const [few, odd] = [Math.min(limit, 5), Uint32Array.from(all, (_score, slot) => 2 * slot + 1)];
      const limits = { limit: few, margin: 0.3, most: few };
      const idsOfOdd: ChunkIds = (slots) =>
        new Map([...ids(slots.map((slot) => (slot - 1) / 2))].map(([slot, id]) => [2 * slot + 1, id]));
      assert.deepEqual(
        bestWithin(odd, Float32Array.from(all), limits, idsOfOdd),
        bestWithin(null, Float32Array.from(all), limits, ids).map((slot) => 2 * slot + 1),
      );
    }),
  );
});
