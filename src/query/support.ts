import type { ChunkName } from "../ports/chunk-store.ts";
import { byScore } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";

/** How much hits gain by resembling others that scored better. */
export interface Support {
  /** So many hits of the fused order are compared with each other. */
  readonly among: number;
  /** Of these, the most similar ones of other documents speak for a hit. */
  readonly neighbours: number;
  /** Share of the distance to their mean score that the hit is lifted by, 0 to 1. */
  readonly lift: number;
}

/**
 * Passages about one thing tend to answer one question (van Rijsbergen's cluster hypothesis), so a hit whose nearest
 * neighbours scored better is lifted towards them: score regularisation (Diaz, CIKM 2005), upwards only. No hit
 * loses, the first stays first, and a hit without neighbours stays as it is. Needs the candidates' vectors, which
 * both legs brought: no second search.
 */
export function supported<Known extends ChunkName>(
  hits: readonly FusedHit<Known>[],
  { among, neighbours, lift }: Support,
): readonly FusedHit<Known>[] {
  const compared = hits.slice(0, among);
  const cosines = cosinesBetween(compared.map(({ candidate }) => candidate.vector));
  const lifted = compared.map((hit, index): FusedHit<Known> => {
    const mean = meanScoreOf(nearest(compared, index, cosines).slice(0, neighbours));
    const support = mean === null ? 0 : lift * Math.max(0, mean - hit.score);
    return { ...hit, score: hit.score + support, shares: { ...hit.shares, support } };
  });
  return [...lifted.sort(byScore), ...hits.slice(among)];
}

interface Neighbour {
  readonly cosine: number;
  readonly score: number;
}

/** By place of the one, then of the other; 0 where there is no vector. Each pair is compared once. */
function cosinesBetween(vectors: readonly (Float32Array | undefined)[]): readonly Float64Array[] {
  const cosines = vectors.map(() => new Float64Array(vectors.length));
  for (const [i, one] of vectors.entries()) {
    for (const [j, other] of vectors.slice(0, i).entries()) {
      if (!one || !other) continue;
      cosines[i]![j] = cosines[j]![i] = dot(one, other);
    }
  }
  return cosines;
}

/**
 * The other hits, the most similar first. Another passage of the same document says nothing about a passage that the
 * document itself does not.
 */
function nearest(
  hits: readonly FusedHit<ChunkName>[],
  index: number,
  cosines: readonly Float64Array[],
): readonly Neighbour[] {
  const { chunk } = hits[index]!.candidate;
  return hits
    .flatMap(({ candidate, score }, other): readonly Neighbour[] => {
      const cosine = cosines[index]![other]!;
      return cosine > 0 && candidate.chunk.document_id !== chunk.document_id ? [{ cosine, score }] : [];
    })
    .sort((a, b) => b.cosine - a.cosine || b.score - a.score);
}

/** The mean of the scores, each as heavy as it is similar. */
function meanScoreOf(near: readonly Neighbour[]): number | null {
  const weight = near.reduce((sum, { cosine }) => sum + cosine, 0);
  return weight === 0 ? null : near.reduce((sum, { cosine, score }) => sum + cosine * score, 0) / weight;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
