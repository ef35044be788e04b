import { buildGraphSegment, passagesOf, type PassageNames } from "./build-graph-segment.ts";
import { openGraphSegment, type GraphSegment } from "./graph-segment.ts";

/** The adjacency of one tenant within one thread: the segments of the shared base, and those added since. */
export interface GraphIndex {
  readonly segments: readonly GraphSegment[];
  /** How often a passage has got other names than its segment had. */
  readonly renamed: number;
  add(passages: readonly PassageNames[]): void;
  /** Passages that are there already, with the names that they have from now on. */
  rename(passages: readonly PassageNames[]): void;
  /** All passages that have a new slot, in one segment. */
  compact(newSlots: Int32Array): readonly GraphSegment[];
}

/** @param isAlive of a slot: passages that are gone leave with the next merge. */
export function graphIndex(
  base: readonly Uint8Array<SharedArrayBuffer>[],
  isAlive: (slot: number) => boolean,
): GraphIndex {
  let fixed: readonly GraphSegment[] = base.map(openGraphSegment);
  let renamed = 0;
  let recent: readonly GraphSegment[] = [];
  const add = (passages: readonly PassageNames[]): void => {
    recent = tiered([...recent, buildGraphSegment(passages)], isAlive);
  };
  return {
    get segments() {
      return [...fixed, ...recent];
    },
    get renamed() {
      return renamed;
    },
    add,
    rename: (passages) => {
      if (passages.length === 0) return;
      const slots = new Set(passages.map((passage) => passage.slot));
      fixed = fixed.map((segment) => withoutRows(segment, slots));
      recent = recent.map((segment) => withoutRows(segment, slots));
      renamed += passages.length;
      add(passages);
    },
    compact: (newSlots) => {
      const kept = [...fixed, ...recent].flatMap((segment) => passagesOf(segment, (slot) => newSlots[slot] ?? -1));
      return kept.length === 0 ? [] : [buildGraphSegment(kept)];
    },
  };
}

/** Of a row whose passage has got other names: it is of no slot that lives. */
const noSlot = 0xffff_ffff;

/** The segment's bytes are shared with other threads, so the rows leave a copy of their slots. */
function withoutRows(segment: GraphSegment, slots: ReadonlySet<number>): GraphSegment {
  if (!segment.slots.some((slot) => slots.has(slot))) return segment;
  return { ...segment, slots: segment.slots.map((slot) => (slots.has(slot) ? noSlot : slot)) };
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
