/** The largest code. −128 is left out, so that two products fit where the kernels add them. */
const largestCode = 127;

/**
 * Writes a vector as 8-bit codes, `vector[i] ≈ codes[i] · scale`, and returns the scale; 0 for a vector of zeros. It
 * depends on nothing but the vector.
 */
export function quantize(vector: Float32Array, codes: Int8Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i += 1) largest = Math.max(largest, Math.abs(vector[i] as number));
  const scale = Math.fround(largest / largestCode);
  if (scale === 0) return 0;
  for (let i = 0; i < vector.length; i += 1) {
    const code = Math.round((vector[i] as number) / scale);
    codes[i] = Math.max(-largestCode, Math.min(largestCode, code));
  }
  return scale;
}
