import { buildGraphSegment, passagesOf, type PassageNames } from "./build-graph-segment.ts";
import { openGraphSegment, type GraphSegment } from "./graph-segment.ts";

/** The adjacency of one tenant within one thread: the segments of the shared base, and those added since. */
export interface GraphIndex {
  readonly segments: readonly GraphSegment[];
  add(passages: readonly PassageNames[]): void;
  /** All passages that have a new slot, in one segment. */
  compact(newSlots: Int32Array): readonly GraphSegment[];
}

/** @param isAlive of a slot: passages that are gone leave with the next merge. */
export function graphIndex(
  base: readonly Uint8Array<SharedArrayBuffer>[],
  isAlive: (slot: number) => boolean,
): GraphIndex {
  const fixed = base.map(openGraphSegment);
  let recent: readonly GraphSegment[] = [];
  return {
    get segments() {
      return [...fixed, ...recent];
    },
    add: (passages) => {
      recent = tiered([...recent, buildGraphSegment(passages)], isAlive);
    },
    compact: (newSlots) => {
      const kept = [...fixed, ...recent].flatMap((segment) => passagesOf(segment, (slot) => newSlots[slot]!));
      return kept.length === 0 ? [] : [buildGraphSegment(kept)];
    },
  };
}

/** From this size on, segments wait for the next base: merging large ones would keep a search waiting. */
const mostMerged = 4096;

/** Joins the newest segments while the one before is at most twice as large. */
function tiered(segments: readonly GraphSegment[], isAlive: (slot: number) => boolean): readonly GraphSegment[] {
  const result = [...segments];
  const asIs = (slot: number): number => (isAlive(slot) ? slot : -1);
  while (result.length > 1) {
    const [before, last] = [result.at(-2)!, result.at(-1)!];
    if (before.rows > 2 * last.rows || before.rows + last.rows > mostMerged) break;
    result.splice(-2, 2, buildGraphSegment([...passagesOf(before, asIs), ...passagesOf(last, asIs)]));
  }
  return result;
}
