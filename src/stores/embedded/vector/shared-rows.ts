import { HybridRAGError } from "../../../errors.ts";

/** Memory that all threads share and that grows in place: a `WebAssembly.Memory`, which passes through `postMessage`. */
export interface SharedMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(pages: number): number;
}

/**
 * Rows of equal width, one per slot. One thread writes; others may read a row once they were told of it. A row that was
 * never written is all zeros.
 */
export interface SharedRows {
  readonly memory: SharedMemory;
  readonly bytesPerRow: number;
  /** Makes room for slots below `rows`. Throws `too_large` beyond what the memory was made for. */
  reserve(rows: number): void;
  /** The bytes of a slot that has room. */
  row(slot: number): Uint8Array;
  /** All rows below `rows`, as they are written to a snapshot or read from one; not copied. */
  bytes(rows: number): Uint8Array;
}

const pageBytes = 65_536;
/** 4 GiB: what a 32-bit address reaches. */
const mostPages = 65_536;
/** Kernels read rows in groups of four. */
const rowGroup = 4;

/** Reserves address space, not memory, for `maximumRows`. */
export function createSharedRows(bytesPerRow: number, maximumRows: number): SharedRows {
  const maximum = Math.min(mostPages, pagesFor(bytesPerRow, maximumRows));
  return attachSharedRows(new WebAssembly.Memory({ initial: 1, maximum, shared: true }), bytesPerRow);
}

/** The rows that another thread made. */
export function attachSharedRows(memory: SharedMemory, bytesPerRow: number): SharedRows {
  const reserve = (rows: number): void => {
    const missing = pagesFor(bytesPerRow, rows) - memory.buffer.byteLength / pageBytes;
    if (missing <= 0) return;
    try {
      memory.grow(missing);
    } catch (cause) {
      const message = "The vector index is as large as the embedded engine can hold; move to MongoDB.";
      throw new HybridRAGError("too_large", message, { cause, details: { rows } });
    }
  };
  const bytes = (rows: number): Uint8Array => {
    reserve(rows);
    return new Uint8Array(memory.buffer, 0, rows * bytesPerRow);
  };
  return {
    memory,
    bytesPerRow,
    reserve,
    bytes,
    row: (slot) => new Uint8Array(memory.buffer, slot * bytesPerRow, bytesPerRow),
  };
}

const pagesFor = (bytesPerRow: number, rows: number): number =>
  Math.max(1, Math.ceil((Math.ceil(rows / rowGroup) * rowGroup * bytesPerRow) / pageBytes));
