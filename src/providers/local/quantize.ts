/** Symmetric 8-bit quantisation: each row keeps its own scale, value ≈ code · scale. */

export interface QuantizedRows {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** `data` holds `rows` rows of equal length; the codes keep that order. */
export function quantizeRows(data: Float32Array, rows: number): QuantizedRows {
  const width = data.length / rows;
  const codes = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let largest = 0;
    for (let at = start; at < start + width; at++) largest = Math.max(largest, Math.abs(data[at]!));
    const scale = largest === 0 ? 1 : largest / 127;
    scales[row] = scale;
    for (let at = start; at < start + width; at++) codes[at] = Math.round(data[at]! / scale);
  }
  return { codes, scales };
}

/** Rows become columns: what a matrix product from the right needs. */
export function transpose(codes: Int8Array, rows: number): Int8Array {
  const width = codes.length / rows;
  const out = new Int8Array(codes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) out[column * rows + row] = codes[row * width + column]!;
  }
  return out;
}
