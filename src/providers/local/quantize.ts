/**
 * Symmetric quantisation: each row keeps its own scale, value ≈ code · scale. Seven bits leave room for processors whose
 * 8-bit products overflow 16 bits when two are added (x86 before VNNI).
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */

export type Bits = 8 | 7;

export interface QuantizedRows {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** `data` holds `rows` rows of equal length; the codes keep that order. */
export function quantizeRows(data: Float32Array, rows: number, bits: Bits): QuantizedRows {
  const width = data.length / rows;
  const highest = 2 ** (bits - 1) - 1;
  const codes = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let largest = 0;
    for (let at = start; at < start + width; at++) largest = Math.max(largest, Math.abs(data[at]!));
    const scale = largest === 0 ? 1 : largest / highest;
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
