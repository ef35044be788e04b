import { flatGraph } from "./flat-graph.ts";
import { leiden } from "./leiden.ts";

/** An undirected edge between two nodes, told once. */
export interface WeightedEdge {
  readonly a: string;
  readonly b: string;
  readonly weight: number;
}

/**
 * Groups of nodes that hold together more than chance has it (`leiden.ts`). Nodes are taken in the order of their
 * names, so that equal input gives equal groups.
 *
 * @returns the groups, the largest first; a node without an edge is in none.
 */
export function communities(edges: readonly WeightedEdge[]): readonly (readonly string[])[] {
  const told = edges.filter(({ weight }) => weight > 0).toSorted(byName);
  const names = [...new Set(told.flatMap(({ a, b }) => [a, b]))].toSorted();
  const numbers = new Map(names.map((name, number) => [name, number]));
  const groupOf = leiden(
    flatGraph(names.length, {
      from: told.map(({ a }) => numbers.get(a)!),
      to: told.map(({ b }) => numbers.get(b)!),
      weights: told.map(({ weight }) => weight),
    }),
  );
  return [...Map.groupBy(names, (name) => groupOf[numbers.get(name)!]!).values()].toSorted(
    (a, b) => b.length - a.length || (a[0]! < b[0]! ? -1 : 1),
  );
}

const byName = (x: WeightedEdge, y: WeightedEdge): number =>
  x.a < y.a ? -1 : x.a > y.a ? 1 : x.b < y.b ? -1 : x.b > y.b ? 1 : 0;
