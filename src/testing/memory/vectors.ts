import { HybridRAGError } from "../../errors.ts";
import type { State } from "./state.ts";

/** Refuses a vector that cannot be compared with those of the index: zero, not finite, or of other dimensions. */
export function checkVector(state: State, vector: Float32Array, path: string): void {
  const dimensions = state.identity?.dimensions;
  if (dimensions !== undefined && vector.length !== dimensions) {
    throw new HybridRAGError(
      "invalid_input",
      `A vector of ${dimensions} dimensions is expected; embed with the model of the index.`,
      { details: { path, expected: dimensions, given: vector.length } },
    );
  }
  const squares = vector.reduce((sum, x) => sum + x * x, 0);
  if (!(squares > 0 && Number.isFinite(squares))) {
    throw new HybridRAGError("invalid_input", "A vector of zeros or of numbers that are not finite has no direction.", {
      details: { path },
    });
  }
}

/** −1 to 1, in double precision. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(aa * bb);
}
