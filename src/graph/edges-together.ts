import { setImmediate } from "node:timers/promises";
import type { PassageNames } from "../ports/graph-store.ts";
import { textAt } from "../text/text-list.ts";
import { npmiOf } from "./names-together.ts";

/** Two names that stand in the same passages. */
export interface EdgeTogether {
  /** The first of the two in the order of normalised names. */
  readonly source_entity: string;
  readonly target_entity: string;
  /** That mention both. */
  readonly passages: number;
  readonly npmi: number;
  /** npmi · ln(1 + passages). */
  readonly weight: number;
}

/** Pairs of fewer passages would join every name of a passage with every other. */
const fewestPassages = 2;
/** Names between two turns of the event loop. */
const namesPerTurn = 2000;

/**
 * The names that stand together more often than chance would have it, in the order of `order`.
 * @param order normalised names, each once; names that are not in it are left out.
 */
export async function* edgesTogether(
  { names, ends, mentioned }: Pick<PassageNames, "names" | "ends" | "mentioned">,
  order: readonly string[],
): AsyncGenerator<EdgeTogether, void> {
  const rankOf = new Map(order.map((name, rank) => [name, rank]));
  /** By the number of a name; −1: not in the order. */
  const ranks = new Int32Array(names.ends.length);
  for (let name = 0; name < ranks.length; name++) {
    ranks[name] = rankOf.get(textAt(names, name)) ?? -1;
    if (name % namesPerTurn === namesPerTurn - 1) await setImmediate();
  }
  const passagesOf = passagesByRank(ends, mentioned, ranks, order.length);
  for (let rank = 0; rank < order.length; rank++) {
    const own = passagesOf(rank);
    yield* edgesOf(rank, own);
    if (rank % namesPerTurn === namesPerTurn - 1) await setImmediate();
  }

  function* edgesOf(rank: number, own: Uint32Array): Generator<EdgeTogether, void> {
    if (own.length < fewestPassages) return;
    const counts = new Map<number, number>();
    for (const passage of own) {
      for (let at = passage === 0 ? 0 : ends[passage - 1]!; at < ends[passage]!; at++) {
        const other = ranks[mentioned[at]!]!;
        if (other > rank) counts.set(other, (counts.get(other) ?? 0) + 1);
      }
    }
    const often = [...counts].filter(([, passages]) => passages >= fewestPassages).toSorted(([a], [b]) => a - b);
    for (const [other, passages] of often) {
      const npmi = npmiOf(passages, own.length, passagesOf(other).length, ends.length);
      if (npmi <= 0) continue;
      const pair = { source_entity: order[rank]!, target_entity: order[other]! };
      yield { ...pair, passages, npmi, weight: npmi * Math.log(1 + passages) };
    }
  }
}

/** The passages of each name, by its rank. */
function passagesByRank(
  ends: Uint32Array,
  mentioned: Uint32Array,
  ranks: Int32Array,
  count: number,
): (rank: number) => Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (const name of mentioned) if (ranks[name]! >= 0) starts[ranks[name]! + 1]! += 1;
  for (let rank = 0; rank < count; rank++) starts[rank + 1]! += starts[rank]!;
  const next = starts.slice();
  const passages = new Uint32Array(starts[count]!);
  for (let passage = 0, at = 0; passage < ends.length; passage++) {
    for (; at < ends[passage]!; at++) {
      const rank = ranks[mentioned[at]!]!;
      if (rank >= 0) passages[next[rank]!++] = passage;
    }
  }
  return (rank) => passages.subarray(starts[rank], starts[rank + 1]);
}
