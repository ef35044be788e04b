import type { TextLegReport } from "../ports/chunk-store.ts";

/** How much of a question a passage answers for, by the rarity of its words. Bit i of a mask is word i. */
export interface Coverage {
  readonly terms: readonly { readonly term: string; readonly idf: number }[];
  /** Share of the question's weight that the words of a mask carry, 0 to 1. */
  share(mask: number): number;
}

/** As many words as a mask has bits without becoming negative. */
const maxTerms = 31;

/** Words that no passage has weigh most of all: they are what is left open. */
export function coverageOf(report: Pick<TextLegReport, "terms" | "corpusSize">): Coverage {
  const terms = report.terms.slice(0, maxTerms).map(({ term, documentFrequency: df }) => ({
    term,
    idf: Math.log(1 + (report.corpusSize - df + 0.5) / (df + 0.5)),
  }));
  const total = terms.reduce((sum, { idf }) => sum + idf, 0) || 1;
  return {
    terms,
    share: (mask) => terms.reduce((sum, { idf }, bit) => sum + ((mask >>> bit) & 1) * idf, 0) / total,
  };
}

/** The share of the question's weight that each name carries, as the question has it. */
export function analyzedNames(
  names: readonly { readonly entity: string; readonly asked: string }[],
  coverage: Coverage,
  analyze: (text: string) => readonly string[],
): ReadonlyMap<string, number> {
  const bits = new Map(coverage.terms.map(({ term }, bit) => [term, bit]));
  return new Map(
    names.map(({ entity, asked }) => {
      const mask = analyze(asked).reduce(
        (bitsOf, term) => (bits.has(term) ? bitsOf | (1 << bits.get(term)!) : bitsOf),
        0,
      );
      return [entity, coverage.share(mask)];
    }),
  );
}
