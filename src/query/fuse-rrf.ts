import type { Fusion, LegShares, ScoredResult } from "./fusion.ts";

/**
 * Σ weight / (constant + rank) over the lists that hold the chunk (Cormack, Clarke and Büttcher, "Reciprocal Rank
 * Fusion", 2009). It sees ranks only, so it cannot tell a weak list from a strong one; use it for comparison.
 */
export function reciprocalRankScores({ candidates }: ScoredResult, fusion: Fusion): readonly LegShares[] {
  const share = (weight: number, rank: number | null) => (rank === null ? 0 : weight / (fusion.rankConstant + rank));
  return candidates.map((candidate) => ({
    vector: share(fusion.vectorWeight, candidate.vectorRank),
    text: share(fusion.textWeight, candidate.textRank),
  }));
}
