/**
 * An undirected weighted graph as flat arrays: the neighbours of node i lie at `ends[i - 1] .. ends[i]`, and every edge
 * stands at both its ends.
 */
export interface FlatGraph {
  readonly nodes: number;
  readonly ends: Uint32Array;
  readonly neighbours: Uint32Array;
  readonly weights: Float64Array;
  /** The weight of a node's edges; of a node that was a group, of the edges within it twice. */
  readonly degrees: Float64Array;
}

export interface FlatEdges {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
}

export const startOf = (ends: Uint32Array, node: number): number => (node === 0 ? 0 : ends[node - 1]!);

/** @param edges each told once, between two different nodes. */
export function flatGraph(nodes: number, { from, to, weights: given }: FlatEdges): FlatGraph {
  const ends = new Uint32Array(nodes);
  for (let edge = 0; edge < from.length; edge++) {
    ends[from[edge]!]! += 1;
    ends[to[edge]!]! += 1;
  }
  for (let node = 1; node < nodes; node++) ends[node]! += ends[node - 1]!;
  const next = Uint32Array.from(ends, (_end, node) => startOf(ends, node));
  const neighbours = new Uint32Array(from.length * 2);
  const weights = new Float64Array(from.length * 2);
  const degrees = new Float64Array(nodes);
  const add = (one: number, other: number, weight: number): void => {
    const at = next[one]!++;
    neighbours[at] = other;
    weights[at] = weight;
    degrees[one]! += weight;
  };
  for (let edge = 0; edge < from.length; edge++) {
    add(from[edge]!, to[edge]!, given[edge]!);
    add(to[edge]!, from[edge]!, given[edge]!);
  }
  return { nodes, ends, neighbours, weights, degrees };
}

/** Twice the weight of all edges. */
export const totalWeight = ({ degrees }: FlatGraph): number => degrees.reduce((sum, degree) => sum + degree, 0);

/** Numbers groups from 0 in the order of their first nodes. */
export function renumbered(groups: Uint32Array): { readonly groupOf: Uint32Array; readonly count: number } {
  const numbers = new Int32Array(groups.reduce((most, group) => Math.max(most, group + 1), 0)).fill(-1);
  let count = 0;
  const groupOf = groups.map((group) => {
    if (numbers[group]! < 0) numbers[group] = count++;
    return numbers[group]!;
  });
  return { groupOf, count };
}

/** The nodes of each group, rising: those of group i lie at `ends[i - 1] .. ends[i]`. */
export function membersOf(groupOf: Uint32Array, count: number) {
  const ends = new Uint32Array(count);
  for (const group of groupOf) ends[group]! += 1;
  for (let group = 1; group < count; group++) ends[group]! += ends[group - 1]!;
  const next = Uint32Array.from(ends, (_end, group) => startOf(ends, group));
  const members = new Uint32Array(groupOf.length);
  groupOf.forEach((group, node) => (members[next[group]!++] = node));
  return { ends, members };
}

/** Groups as the nodes of a graph, numbered without gaps. */
export function groupedGraph(graph: FlatGraph, groupOf: Uint32Array, count: number): FlatGraph {
  const { ends: memberEnds, members } = membersOf(groupOf, count);
  const ends = new Uint32Array(count);
  const degrees = new Float64Array(count);
  const neighbours: number[] = [];
  const weights: number[] = [];
  const sums = new Float64Array(count);
  for (let group = 0; group < count; group++) {
    const touched: number[] = [];
    for (let at = startOf(memberEnds, group); at < memberEnds[group]!; at++) {
      const node = members[at]!;
      degrees[group]! += graph.degrees[node]!;
      for (let edge = startOf(graph.ends, node); edge < graph.ends[node]!; edge++) {
        const other = groupOf[graph.neighbours[edge]!]!;
        if (sums[other] === 0) touched.push(other);
        sums[other]! += graph.weights[edge]!;
      }
    }
    for (const other of touched) {
      neighbours.push(other);
      weights.push(sums[other]!);
      sums[other] = 0;
    }
    ends[group] = neighbours.length;
  }
  return { nodes: count, ends, neighbours: Uint32Array.from(neighbours), weights: Float64Array.from(weights), degrees };
}
