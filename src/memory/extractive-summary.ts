import { splitSentences } from "../text/sentences.ts";

export interface SummaryInput {
  /** Oldest first: the summary so far, then each message. */
  readonly texts: readonly string[];
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
  readonly analyze: (text: string) => readonly string[];
}

interface Sentence {
  readonly text: string;
  readonly terms: ReadonlySet<string>;
  readonly tokens: number;
  readonly order: number;
}

/**
 * The sentences that say most of what the others are about, in their order, within the budget. Words are weighed by
 * the number of sentences that hold them; a word that was taken once counts no more (as in SumBasic, Nenkova and
 * Vanderwende 2005), so that the summary does not say one thing twice. No word is changed or added.
 */
export function extractiveSummary({ texts, maxTokens, countTokens, analyze }: SummaryInput): string {
  const pool = texts
    .flatMap((text) => splitSentences(text).map((range) => text.slice(range.start, range.end).trim()))
    .filter((text) => text.length > 0)
    .map((text, order): Sentence => ({ text, order, tokens: countTokens(text), terms: new Set(analyze(text)) }));
  const weights = new Map<string, number>();
  for (const { terms } of pool) for (const term of terms) weights.set(term, (weights.get(term) ?? 0) + 1);

  const taken: Sentence[] = [];
  const left = new Set(pool);
  let budget = maxTokens;
  for (;;) {
    const next = heaviest(left, weights, budget);
    if (!next) break;
    taken.push(next);
    left.delete(next);
    budget -= next.tokens;
    for (const term of next.terms) weights.set(term, 0);
  }
  return taken
    .sort((a, b) => a.order - b.order)
    .map(({ text }) => text)
    .join(" ");
}

/** The sentence with the highest mean weight that still fits; null when none says anything new. */
function heaviest(left: ReadonlySet<Sentence>, weights: ReadonlyMap<string, number>, budget: number): Sentence | null {
  let best: Sentence | null = null;
  let bestWeight = 0;
  for (const sentence of left) {
    if (sentence.tokens > budget || sentence.terms.size === 0) continue;
    const sum = [...sentence.terms].reduce((total, term) => total + weights.get(term)!, 0);
    const weight = sum / Math.sqrt(sentence.terms.size);
    if (weight > bestWeight) [best, bestWeight] = [sentence, weight];
  }
  return best;
}
