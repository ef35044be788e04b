import type { FusedHit } from "./fusion.ts";

/**
 * Maximal marginal relevance (Carbonell and Goldstein, 1998): picks `limit` hits one after another by
 * λ · relevance − (1 − λ) · the greatest cosine to one already picked. Relevance is the fused score scaled to 0 … 1
 * over the hits given. A hit without a stored vector resembles nothing. λ = 1 keeps the order.
 */
export function diversify(hits: readonly FusedHit[], lambda: number, limit: number): readonly FusedHit[] {
  const relevance = scaled(hits.map((hit) => hit.score));
  const nearest = hits.map(() => 0);
  const left = new Set(hits.keys());
  const picked: FusedHit[] = [];
  while (picked.length < limit && left.size > 0) {
    const next = best(left, (index) => lambda * relevance[index]! - (1 - lambda) * nearest[index]!);
    left.delete(next);
    picked.push(hits[next]!);
    for (const index of left) nearest[index] = Math.max(nearest[index]!, similarity(hits[index]!, hits[next]!));
  }
  return picked;
}

function scaled(scores: readonly number[]): readonly number[] {
  const low = Math.min(...scores);
  const range = Math.max(...scores) - low;
  return scores.map((score) => (range > 0 ? (score - low) / range : 1));
}

/** The first of the greatest, so that equal hits keep their order. */
function best(indexes: Iterable<number>, value: (index: number) => number): number {
  let winner = -1;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const index of indexes) {
    const own = value(index);
    if (own <= greatest) continue;
    greatest = own;
    winner = index;
  }
  return winner;
}

function similarity(a: FusedHit, b: FusedHit): number {
  const [x, y] = [a.candidate.vector, b.candidate.vector];
  if (x === undefined || y === undefined) return 0;
  return x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
}
