import type { ChunkName } from "../ports/chunk-store.ts";
import { dotProduct } from "../ports/dot-product.ts";
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
      cosines[i]![j] = cosines[j]![i] = dotProduct(one, other);
    }
  }
  return cosines;
}
