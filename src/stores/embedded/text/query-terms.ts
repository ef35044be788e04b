import type { Analyzer } from "../../../text/analyze.ts";
import type { QueryTerm } from "./score-rows.ts";

/** The terms of a question, each once, weighted by how often it says them. */
export function queryTerms(analyzer: Analyzer, text: string): QueryTerm[] {
  const counts = new Map<string, number>();
  analyzer.visit(text, (term) => counts.set(term, (counts.get(term) ?? 0) + 1));
  return Array.from(counts, ([term, weight]) => ({ weight, alternatives: [{ term, weight: 1 }] }));
}
