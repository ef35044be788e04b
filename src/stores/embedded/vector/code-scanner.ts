import type { Moments } from "../../../ports/chunk-store.ts";
import type { Bitmap } from "../bitmap.ts";

/** Compares queries with every row of a code table. Each thread makes its own; calls must not overlap. */
export interface CodeScanner {
  /** `plain` when WebAssembly with SIMD cannot be had: the same results, seven times slower or more. */
  readonly kind: "simd" | "plain";
  scan(request: ScanRequest): VectorScores;
  /** The same scores for some slots alone, in their order. Valid until the next call. */
  scoresOf(query: Float32Array, slots: Uint32Array): Float32Array;
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

/** Scores of the slots that may be among the nearest. */
export interface NearScores extends Pick<VectorScores, "moments"> {
  /** Rising; null where every slot below the number of scores has one. */
  readonly slots: Uint32Array | null;
  /** By place in `slots`, or by slot. Valid until the next scan. */
  readonly scores: Float32Array;
}

/** Over the scores that there are. */
export function momentsOfScores(scores: Float32Array): Moments {
  let [sum, squares, count] = [0, 0, 0];
  for (const score of scores) {
    if (score === -Infinity) continue;
    sum += score;
    squares += score * score;
    count += 1;
  }
  return momentsOf(sum, squares, count);
}

export function momentsOf(sum: number, squares: number, count: number): Moments {
  if (count === 0) return { mean: 0, deviation: 0, count };
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), count };
}
