import type { Moments } from "../ports/chunk-store.ts";
import type { LegScale, ScoreScale } from "../ports/hop.ts";
import { finite, type Fusion, type LegScores, type LegShares, type ScoredResult } from "./fusion.ts";

/** Below this a deviation is the rounding of equal scores, and the leg tells nothing. */
const flat = 1e-9;

/**
 * S(d) = w_vector · z(cosine) + w_text · z(bm25), each z over all allowed chunks, zeros included
 * (`docs/decisions`: chosen on 15 judged collections).
 *
 * Where the engine leaves a score out: no BM25 means that no word of the query is in the chunk, so 0; the cosine of a
 * chunk outside the vector leg's list is at most the last of that list, so that one.
 */
export function zScores(result: ScoredResult, fusion: Fusion): readonly LegShares[] {
  const cosines = scoresOf(result.candidates, (candidate) => candidate.cosine, lastListedCosine(result.candidates));
  const bm25s = scoresOf(result.candidates, (candidate) => candidate.bm25, 0);
  const zCosine = standardizer(result.vector?.moments ?? null, cosines);
  const zBm25 = standardizer(result.text?.moments ?? null, bm25s);
  return cosines.map((cosine, index) => ({
    vector: fusion.vectorWeight * zCosine(cosine),
    text: fusion.textWeight * zBm25(bm25s[index]!),
  }));
}

/** The same for passages that no leg has listed; a missing cosine is that of no resemblance. */
export function zScale({ vector, text, candidates }: ScoredResult, fusion: Fusion): ScoreScale {
  const scaleOf = (weight: number, { mean, deviation }: Moments): LegScale | null =>
    deviation > flat ? { weight, mean, deviation, least: null } : null;
  const cosines = () => scoresOf(candidates, (candidate) => candidate.cosine, lastListedCosine(candidates));
  const bm25s = () => scoresOf(candidates, (candidate) => candidate.bm25, 0);
  return {
    vector: scaleOf(fusion.vectorWeight, usable(vector?.moments ?? null) ?? momentsOf(cosines())),
    text: scaleOf(fusion.textWeight, usable(text?.moments ?? null) ?? momentsOf(bm25s())),
  };
}

const scoresOf = (
  candidates: readonly LegScores[],
  score: (candidate: LegScores) => number | null,
  missing: number,
): readonly number[] => candidates.map((candidate) => finite(score(candidate)) ?? missing);

/** The lowest cosine that the vector leg listed; 0 when it listed none. */
export function lastListedCosine(candidates: readonly LegScores[]): number {
  const listed = candidates.filter((candidate) => candidate.vectorRank !== null && finite(candidate.cosine) !== null);
  return listed.length === 0 ? 0 : Math.min(...listed.map((candidate) => candidate.cosine!));
}

/** z of a score; 0 for all where the scores do not differ. Without moments those of the candidates must do. */
function standardizer(moments: Moments | null, scores: readonly number[]): (score: number) => number {
  const { mean, deviation } = usable(moments) ?? momentsOf(scores);
  return (score) => (deviation > flat ? (score - mean) / deviation : 0);
}

const usable = (moments: Moments | null): Moments | null =>
  moments !== null && moments.count > 0 && Number.isFinite(moments.mean) && Number.isFinite(moments.deviation)
    ? moments
    : null;

/** Summed in order of size, so that the order of the candidates never shows, not even in the last bit. */
export function momentsOf(scores: readonly number[]): Moments {
  const count = scores.length;
  if (count === 0) return { mean: 0, deviation: 0, count };
  const sorted = scores.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, score) => sum + score, 0) / count;
  const variance = sorted.reduce((sum, score) => sum + (score - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance), count };
}
