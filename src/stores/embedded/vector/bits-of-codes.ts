import { type BitTable, createBitTable, meanVector } from "./bit-table.ts";
import type { CodeTable } from "./code-table.ts";

/**
 * The bits of the vectors of a code table, taken from their 8-bit codes, which tell the signs well enough: no vector
 * has to be read from disk. 30 µs per row of 384 dimensions; for a background thread.
 */
export function bitsOfCodes(codes: CodeTable, rows: number, maximumRows: number): BitTable {
  const bits = createBitTable(meanVector(codes.dimensions, decoded(codes, rows)), maximumRows);
  bits.rows.reserve(rows);
  let slot = 0;
  for (const vector of decoded(codes, rows)) bits.set(slot++, vector);
  return bits;
}

/** One vector per row, in the same memory each time; zeros for a row without a vector. */
function* decoded(codes: CodeTable, rows: number): Generator<Float32Array> {
  codes.rows.reserve(rows);
  const vector = new Float32Array(codes.dimensions);
  for (let slot = 0; slot < rows; slot += 1) {
    const row = codes.rows.row(slot);
    const values = new Int8Array(row.buffer, row.byteOffset, codes.dimensions);
    const scale = new DataView(row.buffer, row.byteOffset).getFloat32(codes.scaleAt, true);
    for (let i = 0; i < vector.length; i += 1) vector[i] = (values[i] as number) * scale;
    yield vector;
  }
}
