import type { LinkedPassage } from "../ports/graph-store.ts";
import type { LegScale, ScoreScale } from "../ports/hop.ts";

type Scores = Pick<LinkedPassage, "cosine" | "bm25">;

/** What each leg gives a passage that it has not listed. */
export const scaledShares = (scale: ScoreScale, { cosine, bm25 }: Scores) => ({
  vector: shareOf(scale.vector, cosine),
  text: shareOf(scale.text, bm25),
});

export function scaledScore(scale: ScoreScale, scores: Scores): number {
  const { vector, text } = scaledShares(scale, scores);
  return vector + text;
}

function shareOf(scale: LegScale | null, score: number | null): number {
  if (scale === null) return 0;
  const { weight, mean, deviation, least } = scale;
  const known = score !== null && Number.isFinite(score) ? score : 0;
  return weight * (((least === null ? known : Math.max(least, known)) - mean) / deviation);
}
