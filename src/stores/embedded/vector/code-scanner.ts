import type { Moments } from "../../../ports/chunk-store.ts";
import type { Bitmap } from "../bitmap.ts";

/** Compares queries with every row of a code table. Each thread makes its own; calls must not overlap. */
export interface CodeScanner {
  /** `plain` when WebAssembly with SIMD cannot be had: the same results, seven times slower or more. */
  readonly kind: "simd" | "plain";
  scan(request: ScanRequest): VectorScores;
}

export interface ScanRequest {
  /** Unit length. */
  readonly query: Float32Array;
  /** Slots below this are scanned. */
  readonly rows: number;
  /** By slot: the caller's tenant's living, allowed rows. */
  readonly allowed: Bitmap;
}

export interface VectorScores {
  /** Per slot the cosine, as far as 8 bits tell; −Infinity for slots without a vector or not allowed. Valid until the next scan. */
  readonly scores: Float32Array;
  /** Over the slots that have a score. Exact sums, so that the order of slots leaves no trace. */
  readonly moments: Moments;
}

export function momentsOf(sum: number, squares: number, count: number): Moments {
  if (count === 0) return { mean: 0, deviation: 0, count };
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), count };
}
