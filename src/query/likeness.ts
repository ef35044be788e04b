import type { ChunkName } from "../ports/chunk-store.ts";
import type { FusedHit } from "./fusion.ts";

/** Cosines between the first hits, by place of the one, then of the other; 0 where there is no vector. */
export type Likeness = readonly Float64Array[];

/** Compares the first `among` hits, each pair once. */
export function likenessOf(hits: readonly FusedHit<ChunkName>[], among: number): Likeness {
  const vectors = hits.slice(0, among).map(({ candidate }) => candidate.vector);
  const cosines = vectors.map(() => new Float64Array(vectors.length));
  for (const [i, one] of vectors.entries()) {
    for (const [j, other] of vectors.slice(0, i).entries()) {
      if (!one || !other) continue;
      cosines[i]![j] = cosines[j]![i] = dot(one, other);
    }
  }
  return cosines;
}

/** Four sums do not wait for each other. */
function dot(a: Float32Array, b: Float32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let i = 0; i < whole; i += 4) {
    first += a[i]! * b[i]!;
    second += a[i + 1]! * b[i + 1]!;
    third += a[i + 2]! * b[i + 2]!;
    fourth += a[i + 3]! * b[i + 3]!;
  }
  for (let i = whole; i < a.length; i++) first += a[i]! * b[i]!;
  return first + second + third + fourth;
}
