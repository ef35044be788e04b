import { mostSegmentRows, type TextSegment } from "./segment.ts";

/**
 * The text index at one moment: an immutable value, so that a query sees one state from beginning to end. A commit
 * makes a new one out of the old parts, a small segment with the new rows, and new `owners` where rows were deleted.
 */
export interface TextIndex {
  readonly parts: readonly TextPart[];
  /** Every slot is below it. */
  readonly slots: number;
}

/** A segment and which of its rows still live. */
export interface TextPart {
  readonly segment: TextSegment;
  /** Per row: index of its tenant in `segment.tenants`, or `nobody` when it was deleted. Never written after it was published. */
  readonly owners: Uint16Array;
  /** Per tenant of the segment. */
  readonly statistics: readonly TenantStatistics[];
  /** Rows that live. */
  readonly rows: number;
}

/** Of the rows that live. Sums of integers, so that their order leaves no trace. */
export interface TenantStatistics {
  readonly rows: number;
  readonly bodyLength: number;
  readonly titleLength: number;
}

export const nobody = mostSegmentRows;

/** `owners` as another thread or a snapshot recorded it; absent when nothing was deleted. */
export function textPart(segment: TextSegment, owners: Uint16Array = segment.owners): TextPart {
  const statistics = Array.from(segment.tenants, () => ({ rows: 0, bodyLength: 0, titleLength: 0 }));
  let rows = 0;
  for (let row = 0; row < owners.length; row += 1) {
    const of = statistics[owners[row] as number];
    if (of === undefined) continue;
    rows += 1;
    of.rows += 1;
    of.bodyLength += segment.bodyLengths[row] as number;
    of.titleLength += segment.titleLengths[row] as number;
  }
  return { segment, owners, statistics, rows };
}

export function textIndex(parts: readonly TextPart[]): TextIndex {
  const slots = parts.reduce((most, { segment }) => Math.max(most, (segment.slots.at(-1) ?? -1) + 1), 0);
  return { parts, slots };
}

/** Deletes rows. Slots that no living row has are passed over. Parts that lose nothing are kept as they are. */
export function withoutSlots(index: TextIndex, slots: Iterable<number>): TextIndex {
  const doomed = [...new Set(slots)];
  const parts = index.parts.flatMap((part) => {
    const rows = doomed.map((slot) => rowOf(part, slot)).filter((row) => row >= 0);
    if (rows.length === 0) return [part];
    if (rows.length === part.rows) return [];
    const owners = new Uint16Array(new SharedArrayBuffer(part.owners.byteLength));
    owners.set(part.owners);
    for (const row of rows) owners[row] = nobody;
    return [textPart(part.segment, owners)];
  });
  return { parts, slots: index.slots };
}

/** The living row of a slot, or -1. */
function rowOf({ segment, owners }: TextPart, slot: number): number {
  let low = 0;
  let high = segment.rows - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = segment.slots[middle] as number;
    if (found === slot) return owners[middle] === nobody ? -1 : middle;
    if (found < slot) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The number of a tenant within a part; -1 when it has no row there. */
export const ownerOf = ({ segment }: TextPart, tenant: number): number => segment.tenants.indexOf(tenant);

/** Whether every row of the part lives and belongs to this tenant, so that rows need not be looked at one by one. */
export const ownsAll = (part: TextPart): boolean =>
  part.segment.tenants.length === 1 && part.rows === part.segment.rows;

export function statisticsOf(index: TextIndex, tenant: number): TenantStatistics {
  const total = { rows: 0, bodyLength: 0, titleLength: 0 };
  for (const part of index.parts) {
    const of = part.statistics[ownerOf(part, tenant)];
    if (of === undefined) continue;
    total.rows += of.rows;
    total.bodyLength += of.bodyLength;
    total.titleLength += of.titleLength;
  }
  return total;
}
