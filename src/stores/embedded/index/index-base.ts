import { englishAnalyzer } from "../../../text/analyze.ts";
import { mergeParts } from "../text/merge-parts.ts";
import { encodeSegment, mostSegmentRows, openSegment, type TextSegment } from "../text/segment.ts";
import { textPart, type TextPart } from "../text/text-index.ts";
import type { SharedMemory } from "../vector/shared-rows.ts";
import type { SlotColumns } from "./slot-table.ts";

/**
 * A tenant's whole index at one moment of the change log: immutable, in shared memory, the same in every thread and in
 * the snapshot file. It holds no dead slots.
 */
export interface IndexBase extends SlotColumns {
  readonly tenant: number;
  /** Every change up to this one is in it. */
  readonly seq: number;
  /** The database names the one whose file may be read; empty for one without a file. */
  readonly snapshot: string;
  readonly dimensions: number;
  /** A row for each slot; null when there are no slots. */
  readonly codes: SharedMemory | null;
  /** Of many vectors also their bits, which tell the few that are worth comparing. */
  readonly bits: VectorBits | null;
  readonly segments: readonly Uint8Array<SharedArrayBuffer>[];
  /** The adjacency of its passages and names: one segment, or none where nothing is named. */
  readonly graph: readonly Uint8Array<SharedArrayBuffer>[];
}

export interface VectorBits {
  /** What was taken away before; see `BitTable`. */
  readonly mean: Float32Array;
  /** A row for each slot. */
  readonly rows: SharedMemory;
}

export const emptyBase = (tenant: number, dimensions: number): IndexBase => ({
  tenant,
  seq: 0,
  snapshot: "",
  dimensions,
  chunkKeys: new Float64Array(0),
  metadataIds: new Uint32Array(0),
  documentKeys: new Uint32Array(0),
  codes: null,
  bits: null,
  segments: [],
  graph: [],
});

/** The analyser whose words the segments hold; another fingerprint makes a snapshot useless. */
export const indexAnalyzer = englishAnalyzer;

export const baseText = ({ segments }: IndexBase): readonly TextPart[] =>
  segments.map((bytes) => textPart(openSegment(bytes)));

/** The kept slots of the old numbering become 0, 1, 2 … in the new one; no word is analysed again. */
export function compactText(parts: readonly TextPart[], newSlots: Int32Array): readonly TextSegment[] {
  return groupsOf(parts).map((group) => {
    const merged = mergeParts(group);
    return encodeSegment({ ...merged, slots: merged.slots.map((slot) => newSlots[slot]!) });
  });
}

/** Neighbouring parts that fit into one segment together. */
function groupsOf(parts: readonly TextPart[]): readonly (readonly TextPart[])[] {
  const groups: TextPart[][] = [];
  let rows = Infinity;
  for (const part of parts.filter((candidate) => candidate.rows > 0)) {
    if (rows + part.rows > mostSegmentRows) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)!.push(part);
    rows += part.rows;
  }
  return groups;
}
