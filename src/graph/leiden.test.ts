import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { flatGraph, type FlatGraph, startOf, totalWeight } from "./flat-graph.ts";
import { leiden } from "./leiden.ts";

type Edge = readonly [from: number, to: number, weight: number];

const graphOf = (nodes: number, edges: readonly Edge[]): FlatGraph =>
  flatGraph(nodes, {
    from: edges.map(([from]) => from),
    to: edges.map(([, to]) => to),
    weights: edges.map(([, , weight]) => weight),
  });

/** Cliques of five in a ring, each joined to the next by one edge. */
const ring = (cliques: number): FlatGraph => {
  const edges: Edge[] = [];
  for (let clique = 0; clique < cliques; clique++) {
    const first = clique * 5;
    for (let a = 0; a < 5; a++) for (let b = a + 1; b < 5; b++) edges.push([first + a, first + b, 1]);
    edges.push([first, ((clique + 1) % cliques) * 5 + 1, 1]);
  }
  return graphOf(cliques * 5, edges);
};

const modularity = ({ nodes, ends, neighbours, weights, degrees }: FlatGraph, groupOf: Uint32Array): number => {
  const total = degrees.reduce((sum, degree) => sum + degree, 0);
  const sums = new Map<number, number>();
  let inside = 0;
  for (let node = 0; node < nodes; node++) {
    sums.set(groupOf[node]!, (sums.get(groupOf[node]!) ?? 0) + degrees[node]!);
    for (let edge = startOf(ends, node); edge < ends[node]!; edge++)
      if (groupOf[neighbours[edge]!] === groupOf[node]) inside += weights[edge]!;
  }
  return inside / total - [...sums.values()].reduce((sum, degree) => sum + (degree / total) ** 2, 0);
};

const edges = (nodes: number) =>
  fc.array(fc.tuple(fc.nat(nodes - 1), fc.nat(nodes - 1), fc.integer({ min: 1, max: 5 })), { maxLength: 60 });

test("a ring of cliques falls into its cliques", () => {
  const groupOf = leiden(ring(6));
  assert.deepEqual(
    [...groupOf],
    Array.from({ length: 30 }, (_none, node) => Math.floor(node / 5)),
  );
});

test("a finer resolution gives smaller groups, a coarser one larger ones", () => {
  const count = (resolution: number) => new Set(leiden(ring(12), { resolution })).size;
  assert.ok(count(0.1) < count(1) && count(1) < count(40));
});

test("every group holds together: within it each node reaches each", () => {
  fc.assert(
    fc.property(edges(16), (told) => {
      const graph = graphOf(
        16,
        told.filter(([from, to]) => from !== to),
      );
      const groupOf = leiden(graph);
      const reached = new Set<number>();
      const seen = new Set<number>();
      for (let node = 0; node < 16; node++) {
        if (reached.has(node)) continue;
        assert.ok(!seen.has(groupOf[node]!), "a group falls apart");
        seen.add(groupOf[node]!);
        for (const stack = [node]; stack.length > 0;) {
          const at = stack.pop()!;
          if (reached.has(at)) continue;
          reached.add(at);
          for (let edge = startOf(graph.ends, at); edge < graph.ends[at]!; edge++)
            if (groupOf[graph.neighbours[edge]!] === groupOf[node]) stack.push(graph.neighbours[edge]!);
        }
      }
    }),
  );
});

test("no two groups would be better as one", () => {
  fc.assert(
    fc.property(edges(12), (told) => {
      const graph = graphOf(
        12,
        told.filter(([from, to]) => from !== to),
      );
      if (totalWeight(graph) === 0) return;
      const groupOf = leiden(graph);
      const best = modularity(graph, groupOf);
      const groups = [...new Set(groupOf)];
      for (const one of groups)
        for (const other of groups)
          assert.ok(
            modularity(
              graph,
              groupOf.map((group) => (group === one ? other : group)),
            ) <=
              best + 1e-9,
          );
    }),
  );
});
