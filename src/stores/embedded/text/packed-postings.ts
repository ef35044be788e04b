import { startOf } from "./dictionary.ts";
import { type GrowableUint32, growableUint32 } from "./growable.ts";

/** A list of rows in one part, and where they go in the merged segment (-1: nowhere). */
export interface RowSource {
  readonly rows: Uint16Array;
  /** Absent where only the rows matter. */
  readonly counts?: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly newRows: Int32Array;
}

/** Postings in the making, one list after the other. */
export interface PackedPostings {
  /** Adds one list, which may be empty: the living rows of the sources, by rising new row. */
  append(sources: readonly RowSource[]): void;
  /** Adds the list unless it is empty; says whether it was added. */
  appendUnlessEmpty(sources: readonly RowSource[]): boolean;
  /** The lists for which `keep` holds, empty ones for the others. */
  finish(keep?: (list: number) => boolean): FinishedPostings;
}

interface FinishedPostings {
  readonly ends: Uint32Array;
  readonly rows: Uint16Array;
  readonly counts: Uint8Array;
}

export function packedPostings(): PackedPostings {
  /** Row and count in one number, so that sorting sorts by row. */
  const packed = growableUint32();
  const ends = growableUint32();
  const addRows = (sources: readonly RowSource[]): number => {
    const start = packed.length;
    for (const source of sources) pack(source, packed);
    const list = packed.array.subarray(start, packed.length);
    if (!isRising(list)) list.sort();
    return list.length;
  };
  return {
    append: (sources) => {
      addRows(sources);
      ends.push(packed.length);
    },
    appendUnlessEmpty: (sources) => {
      if (addRows(sources) === 0) return false;
      ends.push(packed.length);
      return true;
    },
    finish: (keep = () => true) => unpack(packed.array, ends.array.subarray(0, ends.length), keep),
  };
}

function unpack(packed: Uint32Array, allEnds: Uint32Array, keep: (list: number) => boolean): FinishedPostings {
  const ends = new Uint32Array(allEnds.length);
  let size = 0;
  for (let list = 0; list < ends.length; list += 1) {
    if (keep(list)) size += (allEnds[list] as number) - startOf(allEnds, list);
    ends[list] = size;
  }
  const rows = new Uint16Array(size);
  const counts = new Uint8Array(size);
  for (let list = 0; list < ends.length; list += 1) {
    const to = ends[list] as number;
    let from = startOf(allEnds, list);
    for (let at = startOf(ends, list); at < to; at += 1) {
      const entry = packed[from++] as number;
      rows[at] = entry >>> 8;
      counts[at] = entry & 0xff;
    }
  }
  return { ends, rows, counts };
}

function pack({ rows, counts, start, end, newRows }: RowSource, packed: GrowableUint32): void {
  for (let at = start; at < end; at += 1) {
    const row = newRows[rows[at] as number] as number;
    if (row >= 0) packed.push((row << 8) | (counts === undefined ? 1 : (counts[at] as number)));
  }
}

function isRising(list: Uint32Array): boolean {
  for (let i = 1; i < list.length; i += 1) if ((list[i] as number) < (list[i - 1] as number)) return false;
  return true;
}
