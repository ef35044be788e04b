import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { communities, type WeightedEdge } from "./communities.ts";

const clique = (names: string): WeightedEdge[] =>
  [...names].flatMap((a, at) => Array.from(names.slice(at + 1), (b) => ({ a, b, weight: 1 })));

test("finds groups that a single edge joins", () => {
  const edges = [...clique("abcd"), ...clique("wxyz"), { a: "d", b: "w", weight: 1 }];
  assert.deepEqual(communities(edges), [
    ["a", "b", "c", "d"],
    ["w", "x", "y", "z"],
  ]);
});

test("a group that holds together stays one; without edges there is none", () => {
  assert.deepEqual(communities(clique("abc")), [["a", "b", "c"]]);
  assert.deepEqual(communities([]), []);
});

test("every node is in one group, whatever the order of the edges", () => {
  const edge = fc.record({
    a: fc.constantFrom(..."abcdefgh"),
    b: fc.constantFrom(..."ijklmnop"),
    weight: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 30 }), (edges) => {
      const groups = communities(edges);
      const nodes = new Set(edges.flatMap(({ a, b }) => [a, b]));
      assert.deepEqual(groups.flat().toSorted(), [...nodes].toSorted());
    }),
  );
});
