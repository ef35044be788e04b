import { byScore } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import type { Moments } from "../ports/chunk-store.ts";

/** How much hits gain by resembling the best ones. */
export interface Support {
  /** The first so many hits of the fused order are what others are compared with. */
  readonly passages: number;
  readonly weight: number;
}

/**
 * Relevance feedback within the candidates: adds weight · z of the mean cosine to the first few passages, a passage
 * counting as like itself, and orders again. It costs no second search, since both legs brought their vectors; the
 * zero of the scale is the candidates' own mean, so that a passage without it is an average one.
 * Hits without a vector gain nothing; where the cosines do not differ the order stays.
 */
export function supported(
  hits: readonly FusedHit[],
  { passages, weight }: Support,
  moments: Moments | null,
): readonly FusedHit[] {
  const best = hits.slice(0, passages).flatMap(({ candidate }) => candidate.vector ?? []);
  if (best.length === 0 || moments === null || !(moments.deviation > 1e-9)) return hits;
  const center = meanOf(best);
  const likeness = hits.map(({ candidate }) => (candidate.vector ? dot(candidate.vector, center) : null));
  const known = likeness.filter((value) => value !== null);
  const average = known.reduce((sum, value) => sum + value, 0) / known.length;
  return hits
    .map((hit, index): FusedHit => {
      const own = likeness[index];
      const support = own == null ? 0 : (weight * (own - average)) / moments.deviation;
      return { ...hit, score: hit.score + support, shares: { ...hit.shares, support } };
    })
    .sort(byScore);
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]! / vectors.length;
  return sum;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
