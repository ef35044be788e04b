/** An undirected edge between two nodes, told once. */
export interface WeightedEdge {
  readonly a: string;
  readonly b: string;
  readonly weight: number;
}

type Neighbours = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Groups of nodes that hold together more than chance has it, by the method of Louvain (Blondel et al. 2008): nodes
 * move to the neighbouring group that raises modularity most, then groups become nodes, until nothing moves. Nodes are
 * taken in the order of their names, so that equal input gives equal groups.
 *
 * @returns the groups, the largest first; a node without an edge is in none.
 */
export function communities(edges: readonly WeightedEdge[]): readonly (readonly string[])[] {
  let graph = neighboursOf(edges);
  let members = new Map([...graph.keys()].map((node) => [node, [node] as readonly string[]]));
  for (;;) {
    const groupOf = moved(graph);
    const groups = Map.groupBy(graph.keys(), (node) => groupOf.get(node)!);
    if (groups.size === graph.size) break;
    const before = members;
    members = new Map([...groups].map(([group, nodes]) => [group, nodes.flatMap((node) => before.get(node)!)]));
    graph = joined(graph, groupOf);
  }
  return [...members.values()]
    .map((nodes) => nodes.toSorted())
    .toSorted((a, b) => b.length - a.length || (a[0]! < b[0]! ? -1 : 1));
}

function neighboursOf(edges: readonly WeightedEdge[]): Neighbours {
  const graph = new Map<string, Map<string, number>>();
  const add = (from: string, to: string, weight: number): void => {
    const own = graph.get(from) ?? new Map<string, number>();
    graph.set(from, own.set(to, (own.get(to) ?? 0) + weight));
  };
  for (const { a, b, weight } of edges) {
    if (weight <= 0) continue;
    add(a, b, weight);
    // Within a group that became a node, both directions are told already.
    add(b, a, weight);
  }
  return new Map([...graph].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const degreeOf = (own: ReadonlyMap<string, number>): number => own.values().reduce((sum, weight) => sum + weight, 0);

/** Moves nodes one by one until no move raises modularity. */
function moved(graph: Neighbours): ReadonlyMap<string, string> {
  const degrees = new Map([...graph].map(([node, own]) => [node, degreeOf(own)]));
  const total = degreeOf(degrees);
  const groupOf = new Map([...graph.keys()].map((node) => [node, node]));
  const sums = new Map(degrees);
  for (let hasMoved = true; hasMoved;) {
    hasMoved = false;
    for (const [node, own] of graph) {
      const from = groupOf.get(node)!;
      const degree = degrees.get(node)!;
      sums.set(from, sums.get(from)! - degree);
      const to = bestGroup(node, own, groupOf, (group) => (degree * sums.get(group)!) / total);
      sums.set(to, sums.get(to)! + degree);
      groupOf.set(node, to);
      hasMoved ||= to !== from;
    }
  }
  return groupOf;
}

/** A tie stays, so that moving ends. */
function bestGroup(
  node: string,
  own: ReadonlyMap<string, number>,
  groupOf: ReadonlyMap<string, string>,
  expected: (group: string) => number,
): string {
  const links = new Map<string, number>([[groupOf.get(node)!, 0]]);
  for (const [other, weight] of own) {
    if (other === node) continue;
    const group = groupOf.get(other)!;
    links.set(group, (links.get(group) ?? 0) + weight);
  }
  let best = groupOf.get(node)!;
  let gain = links.get(best)! - expected(best);
  for (const [group, weight] of links) {
    if (weight - expected(group) <= gain + 1e-12) continue;
    best = group;
    gain = weight - expected(group);
  }
  return best;
}

function joined(graph: Neighbours, groupOf: ReadonlyMap<string, string>): Neighbours {
  const result = new Map<string, Map<string, number>>();
  for (const [node, own] of graph) {
    const group = groupOf.get(node)!;
    const links = result.get(group) ?? new Map<string, number>();
    result.set(group, links);
    for (const [other, weight] of own) {
      links.set(groupOf.get(other)!, (links.get(groupOf.get(other)!) ?? 0) + weight);
    }
  }
  return result;
}
