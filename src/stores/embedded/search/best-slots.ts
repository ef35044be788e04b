import { compareText } from "../../../filter/matches.ts";
import { blockSlots, topScores } from "../top-scores.ts";

export interface Ranked {
  readonly slot: number;
  readonly score: number;
}

/** Looks up chunk ids by slot: only needed where scores are equal. */
export type ChunkIds = (slots: readonly number[]) => ReadonlyMap<number, string>;

/**
 * The best slots, by falling score; equal ones by chunk id, also at the cut, so that neither the order of ingestion
 * nor what was deleted before shows.
 *
 * @param scores per slot; those not above `floor` are no hits.
 * @param peaks see `topScores`.
 */
export function bestSlots(
  scores: Float32Array,
  floor: number,
  limit: number,
  chunkIds: ChunkIds,
  peaks?: Float32Array,
): readonly Ranked[] {
  const cut = cutAt(scores, floor, limit, peaks);
  const above: Ranked[] = [];
  const tied: Ranked[] = [];
  const size = peaks === undefined ? scores.length : blockSlots;
  for (let start = 0, block = 0; start < scores.length; start += size, block += 1) {
    if (peaks !== undefined && peaks[block]! < cut) continue;
    const end = Math.min(scores.length, start + size);
    for (let slot = start; slot < end; slot++) {
      const score = scores[slot]!;
      if (score > cut) above.push({ slot, score });
      else if (score === cut && score > floor) tied.push({ slot, score });
    }
  }
  const kept = above.length + tied.length <= limit ? tied : byChunkId(tied, chunkIds).slice(0, limit - above.length);
  return byScore([...above, ...kept], chunkIds);
}

/** Below every score. */
const lowest = -Number.MAX_VALUE;

/**
 * The best slots and all others whose score is less than `margin` below the worst of them: where scores are only known
 * within half of it, the true best are among these. In no particular order.
 *
 * @param slots that the scores are of; null: each of the slot that is its place.
 * @param most bounds the result where very many score alike; then ties go by chunk id.
 */
export function bestWithin(
  slots: Uint32Array | null,
  scores: Float32Array,
  limits: { readonly limit: number; readonly margin: number; readonly most: number },
  chunkIds: ChunkIds,
): readonly number[] {
  // A finite bar keeps out what is not allowed, whose score is −Infinity.
  const bar = Math.max(lowest, cutAt(scores, -Infinity, limits.limit) - limits.margin);
  const slotAt = (place: number): number => (slots === null ? place : slots[place]!);
  const found: number[] = [];
  for (let place = 0; place < scores.length; place++) if (scores[place]! >= bar) found.push(place);
  if (found.length <= limits.most) return found.map(slotAt);
  const idsAt: ChunkIds = (places) => {
    const ids = chunkIds(places.map(slotAt));
    return new Map(places.map((place) => [place, ids.get(slotAt(place))!]));
  };
  return bestSlots(scores, -Infinity, limits.most, idsAt).map(({ slot: place }) => slotAt(place));
}

/** Sorts by falling score, then by chunk id. */
export function byScore(hits: readonly Ranked[], chunkIds: ChunkIds): readonly Ranked[] {
  const counts = new Map<number, number>();
  for (const { score } of hits) counts.set(score, (counts.get(score) ?? 0) + 1);
  const equal = hits.filter(({ score }) => counts.get(score)! > 1).map(({ slot }) => slot);
  const ids = equal.length === 0 ? new Map<number, string>() : chunkIds(equal);
  return hits.toSorted((a, b) => b.score - a.score || compareText(ids.get(a.slot)!, ids.get(b.slot)!));
}

function byChunkId(hits: readonly Ranked[], chunkIds: ChunkIds): readonly Ranked[] {
  const ids = chunkIds(hits.map(({ slot }) => slot));
  return hits.toSorted((a, b) => compareText(ids.get(a.slot)!, ids.get(b.slot)!));
}

/** The `limit`-th best score above the floor, or the floor when there are fewer. */
function cutAt(scores: Float32Array, floor: number, limit: number, peaks?: Float32Array): number {
  const best = topScores(scores, limit, floor, peaks).scores;
  return best.length < limit ? floor : best.at(-1)!;
}
