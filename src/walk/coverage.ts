import type { TextLegReport } from "../ports/chunk-store.ts";
import { commonWords } from "../text/common-words.ts";

/** How much of a question a passage answers for, by the rarity of its words. Bit i of a mask is word i. */
export interface Coverage {
  readonly terms: readonly { readonly term: string; readonly idf: number }[];
  /** Share of the question's weight that the words of a mask carry, 0 to 1. */
  share(mask: number): number;
}

/** How questions are read: their terms, and those that say nothing about what is asked. */
export interface QuestionWords {
  readonly analyze: (text: string) => readonly string[];
  readonly common: ReadonlySet<string>;
}

export const questionWords = (analyze: (text: string) => readonly string[]): QuestionWords => ({
  analyze,
  common: commonTerms(analyze),
});

/** As many words as a mask has bits without becoming negative. */
const maxTerms = 31;

/** The terms of words that questions are put with: a passage that holds "how many" has answered nothing by it. */
export const commonTerms = (analyze: (text: string) => readonly string[]): ReadonlySet<string> =>
  new Set(analyze([...commonWords].join(" ")));

/**
 * Words that no passage has weigh most of all: they are what is left open. Those that are `common` do not count, unless
 * the question has no others.
 */
export function coverageOf(
  report: Pick<TextLegReport, "terms" | "corpusSize">,
  common: ReadonlySet<string> = new Set(),
): Coverage {
  const telling = report.terms.filter(({ term }) => !common.has(term));
  const counted = telling.length > 0 ? telling : report.terms;
  const terms = counted.slice(0, maxTerms).map(({ term, documentFrequency: df }) => ({
    term,
    idf: Math.log(1 + (report.corpusSize - df + 0.5) / (df + 0.5)),
  }));
  const total = terms.reduce((sum, { idf }) => sum + idf, 0) || 1;
  // Thousands of links ask about few masks.
  const shares = new Map<number, number>();
  return {
    terms,
    share: (mask) => {
      const known = shares.get(mask);
      if (known !== undefined) return known;
      const share = terms.reduce((sum, { idf }, bit) => sum + ((mask >>> bit) & 1) * idf, 0) / total;
      shares.set(mask, share);
      return share;
    },
  };
}

/** A name of the graph and how the question has it. */
interface AskedName {
  readonly entity: string;
  readonly asked: string;
}

/** The words of the question that each name has, as a mask. */
export function maskedNames(
  names: readonly AskedName[],
  coverage: Coverage,
  analyze: (text: string) => readonly string[],
): ReadonlyMap<string, number> {
  const bits = new Map(coverage.terms.map(({ term }, bit) => [term, bit]));
  const maskOf = (asked: string): number =>
    analyze(asked).reduce((mask, term) => (bits.has(term) ? mask | (1 << bits.get(term)!) : mask), 0);
  return new Map(names.map(({ entity, asked }) => [entity, maskOf(asked)]));
}

/** The share of the question's weight that each name carries, as the question has it. */
export const sharesOf = (masks: ReadonlyMap<string, number>, coverage: Coverage): ReadonlyMap<string, number> =>
  new Map([...masks].map(([entity, mask]) => [entity, coverage.share(mask)]));
