import { type FlatGraph, groupedGraph, renumbered, startOf, totalWeight } from "./flat-graph.ts";

export interface LeidenOptions {
  /** Larger: more and smaller groups. 1 by default, the plain modularity. */
  readonly resolution?: number;
  /** What counts as twice the weight of all edges; by default it is counted. */
  readonly total?: number;
}

/** A gain below this is rounding. */
const tiny = 1e-9;

/**
 * Groups of nodes that hold together more than chance has it, by the method of Leiden (Traag et al. 2019, "From Louvain
 * to Leiden"): nodes move to the group that raises modularity most, each group is split into parts that hold together by
 * themselves, the parts become the nodes, until nothing moves. Nodes are taken in their order and the best part is
 * taken, never a random one, so that equal input gives equal groups.
 *
 * @returns the group of each node, numbered from 0 in the order of their first nodes. A node without an edge is alone.
 */
export function leiden(
  graph: FlatGraph,
  { resolution = 1, total = totalWeight(graph) }: LeidenOptions = {},
): Uint32Array {
  const scale = total > 0 ? resolution / total : 0;
  let level = graph;
  /** Of each node of the first graph, the node of this level that it is part of. */
  let place: Uint32Array = Uint32Array.from({ length: graph.nodes }, (_none, node) => node);
  let groups: Uint32Array = place.slice();
  for (;;) {
    moveNodes(level, groups, scale);
    const whole = renumbered(groups);
    if (whole.count === level.nodes) break;
    const parts = renumbered(partsOf(level, groups, scale));
    // Where no part holds together by itself, the groups themselves become the nodes.
    const next = parts.count < level.nodes ? parts : whole;
    const before = groups;
    groups = groupsOfParts(before, next.groupOf, next.count);
    level = groupedGraph(level, next.groupOf, next.count);
    place = place.map((node) => next.groupOf[node]!);
  }
  return renumbered(place.map((node) => groups[node]!)).groupOf;
}

/** Each part begins in the group that its nodes were in, which the first of its parts gives its number. */
function groupsOfParts(groups: Uint32Array, partOf: Uint32Array, parts: number): Uint32Array {
  const first = new Map<number, number>();
  const result = new Uint32Array(parts);
  groups.forEach((group, node) => {
    const part = partOf[node]!;
    if (!first.has(group)) first.set(group, part);
    result[part] = first.get(group)!;
  });
  return result;
}

/** What a node is joined to, by group: filled and emptied for one node after the other. */
function joinedGroups(graph: FlatGraph) {
  const weights = new Float64Array(graph.nodes);
  const found: number[] = [];
  return {
    weights,
    found,
    fill: (node: number, groups: Uint32Array, counts: (other: number) => boolean): void => {
      for (let edge = startOf(graph.ends, node); edge < graph.ends[node]!; edge++) {
        const other = graph.neighbours[edge]!;
        if (other === node || !counts(other)) continue;
        const group = groups[other]!;
        if (weights[group] === 0) found.push(group);
        weights[group]! += graph.weights[edge]!;
      }
    },
    empty: (): void => {
      for (const group of found) weights[group] = 0;
      found.length = 0;
    },
  };
}

/** Moves nodes until no move raises modularity; after a move only its neighbours are looked at again. */
function moveNodes(graph: FlatGraph, groups: Uint32Array, scale: number): void {
  const { nodes, ends, neighbours, degrees } = graph;
  const sums = new Float64Array(nodes);
  groups.forEach((group, node) => (sums[group]! += degrees[node]!));
  const queue = Uint32Array.from({ length: nodes }, (_none, node) => node);
  const isQueued = new Uint8Array(nodes).fill(1);
  const joined = joinedGroups(graph);
  const all = (): boolean => true;
  for (let [head, waiting] = [0, nodes]; waiting > 0;) {
    const node = queue[head]!;
    head = head + 1 === nodes ? 0 : head + 1;
    waiting -= 1;
    isQueued[node] = 0;
    const from = groups[node]!;
    sums[from]! -= degrees[node]!;
    joined.fill(node, groups, all);
    const gainOf = (group: number): number => joined.weights[group]! - scale * degrees[node]! * sums[group]!;
    let to = from;
    let gain = gainOf(from);
    for (const group of joined.found) {
      const other = gainOf(group);
      if (other > gain + tiny) [to, gain] = [group, other];
    }
    joined.empty();
    sums[to]! += degrees[node]!;
    if (to === from) continue;
    groups[node] = to;
    for (let edge = startOf(ends, node); edge < ends[node]!; edge++) {
      const other = neighbours[edge]!;
      if (groups[other] === to || isQueued[other] === 1) continue;
      isQueued[other] = 1;
      queue[(head + waiting) % nodes] = other;
      waiting += 1;
    }
  }
}

/** Parts of each group that hold together by themselves: nodes join, once, what they are joined to inside their group. */
function partsOf(graph: FlatGraph, groups: Uint32Array, scale: number): Uint32Array {
  const { nodes, degrees } = graph;
  const parts = Uint32Array.from({ length: nodes }, (_none, node) => node);
  const sizes = new Uint32Array(nodes).fill(1);
  const sums = degrees.slice();
  const groupSums = new Float64Array(nodes);
  groups.forEach((group, node) => (groupSums[group]! += degrees[node]!));
  /** What joins a part to the rest of its group. */
  const outside = outsideOf(graph, groups);
  const holds = (part: number, group: number): boolean =>
    outside[part]! >= scale * sums[part]! * (groupSums[group]! - sums[part]!) - tiny;
  const joined = joinedGroups(graph);
  for (let node = 0; node < nodes; node++) {
    const group = groups[node]!;
    if (parts[node] !== node || sizes[node]! > 1 || !holds(node, group)) continue;
    joined.fill(node, parts, (other) => groups[other] === group);
    let to = node;
    let gain = 0;
    for (const part of joined.found) {
      if (!holds(part, group)) continue;
      const other = joined.weights[part]! - scale * degrees[node]! * sums[part]!;
      if (other > gain + tiny) [to, gain] = [part, other];
    }
    const inside = joined.weights[to]!;
    joined.empty();
    if (to === node) continue;
    parts[node] = to;
    sizes[to]! += 1;
    sums[to]! += degrees[node]!;
    outside[to]! += outside[node]! - 2 * inside;
  }
  return parts;
}

function outsideOf({ nodes, ends, neighbours, weights }: FlatGraph, groups: Uint32Array): Float64Array {
  const outside = new Float64Array(nodes);
  for (let node = 0; node < nodes; node++) {
    for (let edge = startOf(ends, node); edge < ends[node]!; edge++) {
      const other = neighbours[edge]!;
      if (other !== node && groups[other] === groups[node]) outside[node]! += weights[edge]!;
    }
  }
  return outside;
}
