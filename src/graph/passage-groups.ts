import type { PassageNames } from "../ports/graph-store.ts";
import { type FlatEdges, flatGraph, membersOf, renumbered, startOf } from "./flat-graph.ts";
import { leiden } from "./leiden.ts";

/** The resolution of the second level. */
const finer = 8;

export interface PassageGroup {
  /** Rows of its passages, rising; more than one. */
  readonly rows: Uint32Array;
  /** What it falls into on closer look, as far as that is more than one passage each. */
  readonly parts: readonly Uint32Array[];
}

/**
 * Communities of passages, in the order of `orderedNames`, the largest first. Passages, names and documents are the nodes of one graph: a passage is
 * joined to its names, to rare ones more strongly, and to its document. The size of the whole counts as a power of two,
 * so that a passage more or less elsewhere leaves a community as it is.
 */
export function passageGroups(given: PassageNames): readonly PassageGroup[] {
  const edges = passageEdges(given);
  const whole = 2 ** Math.round(Math.log2(2 * edges.weights.reduce((sum, weight) => sum + weight, 1)));
  const nodes = leiden(flatGraph(edges.nodes, edges), { total: whole });
  const inside = flatGraph(edges.nodes, edgesWithin(edges, nodes));
  const fine = leiden(inside, { total: whole, resolution: finer });
  return groupsOf(nodes.subarray(0, given.documents.length)).map((rows) => ({ rows, parts: partsOf(rows, fine) }));
}

interface PassageEdges extends FlatEdges {
  /** Passages first, then names, then documents. */
  readonly nodes: number;
  readonly weights: readonly number[];
}

function passageEdges(given: PassageNames): PassageEdges {
  const { documents, names, ends, mentioned } = given;
  const passages = documents.length;
  const [from, to, weights]: number[][] = [[], [], []];
  const add = (one: number, other: number, weight: number): void => {
    from!.push(one);
    to!.push(other);
    weights!.push(weight);
  };
  const mentions = counted(mentioned, names.ends.length);
  const nearest = 2 ** Math.ceil(Math.log2(Math.max(2, passages)));
  const rarity = (count: number): number => Math.log(1 + nearest / count) / Math.log(1 + nearest);
  const { groupOf: documentOf, count } = renumbered(documents);
  const sizes = counted(documentOf, count);
  for (let passage = 0; passage < passages; passage++) {
    for (let at = startOf(ends, passage); at < ends[passage]!; at++) {
      const name = mentioned[at]!;
      if (mentions[name]! > 1) add(passage, passages + name, rarity(mentions[name]!));
    }
    const document = documentOf[passage]!;
    if (sizes[document]! > 1) add(passage, passages + names.ends.length + document, 1);
  }
  return { nodes: passages + names.ends.length + count, from: from!, to: to!, weights: weights! };
}

function edgesWithin({ from, to, weights }: FlatEdges, groupOf: Uint32Array): FlatEdges {
  const kept = Uint32Array.from(from, (_node, edge) => edge).filter(
    (edge) => groupOf[from[edge]!] === groupOf[to[edge]!],
  );
  const of = (values: ArrayLike<number>): Float64Array => Float64Array.from(kept, (edge) => values[edge]!);
  return { from: of(from), to: of(to), weights: of(weights) };
}

/** How often each number below `size` is there. */
export function counted(numbers: Uint32Array, size: number): Uint32Array {
  const counts = new Uint32Array(size);
  for (const number of numbers) counts[number]! += 1;
  return counts;
}

/** Of more than one passage; the largest first, of equals that with the lowest chunk id. */
function groupsOf(groups: Uint32Array): readonly Uint32Array[] {
  const { groupOf, count } = renumbered(groups);
  const { ends, members } = membersOf(groupOf, count);
  return Array.from({ length: count }, (_none, group) => members.subarray(startOf(ends, group), ends[group]))
    .filter((rows) => rows.length > 1)
    .toSorted((a, b) => b.length - a.length || a[0]! - b[0]!);
}

const partsOf = (rows: Uint32Array, fine: Uint32Array): readonly Uint32Array[] =>
  groupsOf(rows.map((row) => fine[row]!)).map((places) => places.map((place) => rows[place]!));
