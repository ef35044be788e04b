import { HybridRAGError } from "../errors.ts";

/**
 * What every store refuses alike, before it compares or keeps a vector: zero, not finite, or of other dimensions.
 *
 * @param dimensions those of the index; null when it has none yet.
 * @throws HybridRAGError `invalid_input` for a vector that cannot be compared with those of the index.
 */
export function checkVector(vector: Float32Array, dimensions: number | null, path: string): void {
  if (dimensions !== null && vector.length !== dimensions) {
    throw new HybridRAGError(
      "invalid_input",
      `A vector of ${dimensions} dimensions is expected; embed with the model that the index was built with.`,
      { details: { path, expected: dimensions, given: vector.length } },
    );
  }
  const squares = vector.reduce((sum, x) => sum + x * x, 0);
  if (squares > 0 && Number.isFinite(squares)) return;
  throw new HybridRAGError("invalid_input", "A vector of zeros or of numbers that are not finite has no direction.", {
    details: { path },
  });
}
