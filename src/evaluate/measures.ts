/**
 * Measures of one ranking as trec_eval computes them. A document counts as relevant from grade 1 on. Rankings are in
 * our own order (score, then chunk id); trec_eval itself breaks equal scores by document name, last first, so a run
 * exported for comparison must carry 1/rank as its score.
 */

/** Document id → grade; what is not in it is not relevant. */
export type Judgements = ReadonlyMap<string, number>;

const relevantIn = (judgements: Judgements): number => [...judgements.values()].filter((grade) => grade > 0).length;
const isRelevant = (judgements: Judgements, id: string): boolean => (judgements.get(id) ?? 0) > 0;

/** `recall.K`: share of the relevant documents in the first k. */
export function recallAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  const found = ranking.slice(0, k).filter((id) => isRelevant(judgements, id)).length;
  return found / Math.max(1, relevantIn(judgements));
}

/** `ndcg_cut.K`: linear gain, log2 discount, against the best order of all judged documents. */
export function ndcgAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  const gained = discounted(ranking.slice(0, k).map((id) => judgements.get(id) ?? 0));
  const best = discounted([...judgements.values()].sort((a, b) => b - a).slice(0, k));
  return best === 0 ? 0 : gained / best;
}

const discounted = (grades: readonly number[]): number =>
  grades.reduce((sum, grade, index) => sum + Math.max(0, grade) / Math.log2(index + 2), 0);

/** `map`: mean of the precision at each relevant document, absent ones counting 0, over the whole ranking given. */
export function averagePrecision(ranking: readonly string[], judgements: Judgements): number {
  let found = 0;
  const sum = ranking.reduce((total, id, index) => {
    if (!isRelevant(judgements, id)) return total;
    found += 1;
    return total + found / (index + 1);
  }, 0);
  return sum / Math.max(1, relevantIn(judgements));
}

/** `recip_rank` of the ranking cut at k. */
export function reciprocalRankAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  const index = ranking.slice(0, k).findIndex((id) => isRelevant(judgements, id));
  return index < 0 ? 0 : 1 / (index + 1);
}

/** `success.K`: 1 when a relevant document is among the first k. */
export const successAt = (k: number, ranking: readonly string[], judgements: Judgements): number =>
  ranking.slice(0, k).some((id) => isRelevant(judgements, id)) ? 1 : 0;

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** The smallest value that at least this share of the values does not pass (nearest rank); 0 for none. */
export function percentile(share: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
