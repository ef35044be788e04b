import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { firstOf } from "./first-of.ts";

test("the first few are those of a stable sort", () => {
  const item = fc.record({ rank: fc.nat(5), name: fc.nat() });
  fc.assert(
    fc.property(fc.array(item), fc.nat(10), (items, count) => {
      const byRank = (a: { rank: number }, b: { rank: number }): number => a.rank - b.rank;
      assert.deepEqual(firstOf(items, count, byRank), items.toSorted(byRank).slice(0, count));
    }),
  );
});
