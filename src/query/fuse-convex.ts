import { finite, type Fusion, type LegShares, type ScoredResult } from "./fusion.ts";
import { lastListedCosine } from "./fuse-z.ts";

/**
 * α · max(0, cosine) + (1 − α) · bm25 / best bm25, with α the vector leg's share of both weights (Bruch et al., "An
 * Analysis of Fusion Functions for Hybrid Retrieval", 2023). Scores lie between 0 and 1.
 */
export function convexScores({ candidates }: ScoredResult, fusion: Fusion): readonly LegShares[] {
  const total = fusion.vectorWeight + fusion.textWeight;
  const alpha = total > 0 ? fusion.vectorWeight / total : 0.5;
  const missing = lastListedCosine(candidates);
  const bm25s = candidates.map((candidate) => Math.max(0, finite(candidate.bm25) ?? 0));
  const best = bm25s.reduce((a, b) => Math.max(a, b), 0);
  return candidates.map((candidate, index) => ({
    vector: alpha * Math.max(0, finite(candidate.cosine) ?? missing),
    text: best > 0 ? (1 - alpha) * (bm25s[index]! / best) : 0,
  }));
}
