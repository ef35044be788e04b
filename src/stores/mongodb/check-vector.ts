import { HybridRAGError } from "../../errors.ts";
import type { Context } from "./context.ts";

/** Refuses a vector that cannot be compared with those of the index: zero, not finite, or of other dimensions. */
export function checkVector(context: Pick<Context, "identity">, vector: Float32Array, path: string): void {
  const dimensions = context.identity?.dimensions;
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
