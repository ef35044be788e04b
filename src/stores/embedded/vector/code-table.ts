import { quantize } from "./quantize.ts";
import { attachSharedRows, createSharedRows, type SharedMemory, type SharedRows } from "./shared-rows.ts";

/** The 8-bit codes of all vectors, one row per slot, in memory that all threads share. */
export interface CodeTable {
  readonly dimensions: number;
  readonly rows: SharedRows;
  /** Bytes of codes in a row, padded with zeros to a multiple of 32. */
  readonly codeBytes: number;
  /** Where in a row its float32 scale lies; scale 0 says that the slot has no vector. */
  readonly scaleAt: number;
  /** Makes room where it must. Null erases. */
  set(slot: number, vector: Float32Array | null): void;
}

export interface CodeTableOptions {
  readonly dimensions: number;
  /** Address space, not memory, is reserved for so many. */
  readonly maximumRows?: number;
}

const defaultMaximumRows = 4_000_000;

export const createCodeTable = ({ dimensions, maximumRows = defaultMaximumRows }: CodeTableOptions): CodeTable =>
  codeTable(dimensions, createSharedRows(bytesPerRow(dimensions), maximumRows));

/** The table that another thread made; `memory` came by `postMessage`. */
export const attachCodeTable = (dimensions: number, memory: SharedMemory): CodeTable =>
  codeTable(dimensions, attachSharedRows(memory, bytesPerRow(dimensions)));

const codeBytesOf = (dimensions: number): number => Math.ceil(dimensions / 32) * 32;
/** The scale takes the last four bytes, in the padding where there is any: there the query has zeros. */
const bytesPerRow = (dimensions: number): number =>
  Math.max(codeBytesOf(dimensions), Math.ceil((dimensions + 4) / 16) * 16);

function codeTable(dimensions: number, rows: SharedRows): CodeTable {
  const scaleAt = rows.bytesPerRow - 4;
  return {
    dimensions,
    rows,
    codeBytes: codeBytesOf(dimensions),
    scaleAt,
    set: (slot, vector) => {
      rows.reserve(slot + 1);
      const row = rows.row(slot).fill(0);
      if (vector === null) return;
      const codes = new Int8Array(row.buffer, row.byteOffset, dimensions);
      new DataView(row.buffer, row.byteOffset).setFloat32(scaleAt, quantize(vector, codes), true);
    },
  };
}
