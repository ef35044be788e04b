import type { ScoreScale } from "../ports/hop.ts";
import { finite, type Fusion, type LegScores, type LegShares, type ScoredResult } from "./fusion.ts";
import { lastListedCosine } from "./fuse-z.ts";

/**
 * α · max(0, cosine) + (1 − α) · bm25 / best bm25, with α the vector leg's share of both weights (Bruch et al., "An
 * Analysis of Fusion Functions for Hybrid Retrieval", 2023). Scores lie between 0 and 1.
 */
export function convexScores({ candidates }: ScoredResult, fusion: Fusion): readonly LegShares[] {
  const alpha = alphaOf(fusion);
  const missing = lastListedCosine(candidates);
  const best = bestBm25(candidates);
  return candidates.map((candidate) => ({
    vector: alpha * Math.max(0, finite(candidate.cosine) ?? missing),
    text: best > 0 ? (1 - alpha) * (bm25Of(candidate) / best) : 0,
  }));
}

/** The same for passages that no leg has listed: the best is the best that was listed. */
export function convexScale({ candidates }: ScoredResult, fusion: Fusion): ScoreScale {
  const alpha = alphaOf(fusion);
  const best = bestBm25(candidates);
  return {
    vector: { weight: alpha, mean: 0, deviation: 1, least: 0 },
    text: best > 0 ? { weight: 1 - alpha, mean: 0, deviation: best, least: 0 } : null,
  };
}

function alphaOf({ vectorWeight, textWeight }: Fusion): number {
  const total = vectorWeight + textWeight;
  return total > 0 ? vectorWeight / total : 0.5;
}

const bm25Of = ({ bm25 }: LegScores): number => Math.max(0, finite(bm25) ?? 0);

const bestBm25 = (candidates: readonly LegScores[]): number =>
  candidates.map(bm25Of).reduce((a, b) => Math.max(a, b), 0);
