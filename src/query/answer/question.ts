import type { TextLegReport } from "../../ports/chunk-store.ts";
import { commonWords } from "../../text/common-words.ts";
import type { Analyzer } from "../../text/analyze.ts";

export interface QuestionTerm {
  readonly term: string;
  readonly idf: number;
}

/** The question's words with their weight, and which share of it a set of words covers. */
export interface QuestionTerms {
  readonly terms: readonly QuestionTerm[];
  readonly total: number;
}

/**
 * Distinct analysed words, repaired as the text leg repaired them, weighed by ln(1 + (N − df + .5) / (df + .5)): a
 * word that no passage has weighs most. Words that questions are merely put with ("how many") are left out unless there
 * is nothing else; in a small collection they would weigh as much as what is asked about. Where the text leg did not
 * run, every word weighs the same.
 */
export function questionTerms(question: string, report: TextLegReport | null, analyzer: Analyzer): QuestionTerms {
  const all =
    report === null || report.error !== null
      ? [...new Set(analyzer.analyze(question))].map((term) => ({ term, idf: 1 }))
      : report.terms.map(({ term, documentFrequency }) => ({ term, idf: idf(report.corpusSize, documentFrequency) }));
  const common = new Set([...commonWords].flatMap((word) => analyzer.analyze(word)));
  const telling = all.filter(({ term }) => !common.has(term));
  const terms = telling.length > 0 ? telling : all;
  return { terms, total: terms.reduce((sum, term) => sum + term.idf, 0) };
}

export const idf = (corpusSize: number, documentFrequency: number): number =>
  Math.log(1 + Math.max(0, corpusSize - documentFrequency + 0.5) / (documentFrequency + 0.5));

/** Share of the question's weight that these words carry, 0 to 1. */
export const coveredShare = ({ terms, total }: QuestionTerms, words: ReadonlySet<string>): number =>
  total > 0 ? terms.reduce((sum, { term, idf }) => sum + (words.has(term) ? idf : 0), 0) / total : 0;
