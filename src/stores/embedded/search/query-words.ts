import type { Repair, TextQuery } from "../../../ports/chunk-store.ts";
import type { Analyzer, Token } from "../../../text/analyze.ts";
import { mayBeMistyped } from "../../../text/common-words.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import { wordsWithinOneEdit, wordsWithPrefix } from "../text/known-words.ts";
import type { QueryTerm } from "../text/score-rows.ts";
import { documentFrequency } from "../text/term-rows.ts";

export interface QueryWords {
  /** One for each distinct word of the question, in its order. */
  readonly terms: readonly QueryTerm[];
  readonly names: readonly string[];
  readonly repairs: readonly Repair[];
}

/** Longer words that a prefix stands for: more would only cost time. */
const longerWords = 100;

/** What the question asks the index for: its words, repaired where nobody writes them so, and those that count as them. */
export function queryWords(index: TenantIndex, analyzer: Analyzer, query: TextQuery): QueryWords {
  const repairs = new Map<string, Repair & { readonly term: string }>();
  const chosen = analyzer.analyzeWithOffsets(query.query).map((token) => {
    const repair = query.repairTypos ? repairOf(index, token) : null;
    if (repair) repairs.set(token.word, repair);
    return repair ? { word: repair.word, term: repair.term } : { word: token.word, term: token.term };
  });
  const distinct = [...new Map(chosen.map((word) => [word.term, word])).values()];
  const said = (term: string) => chosen.filter((word) => word.term === term).length;
  return {
    terms: distinct.map(({ word, term }, at) => ({
      weight: said(term),
      alternatives: [term, ...others(index, query, word, at === distinct.length - 1)]
        .filter((other, place, all) => all.indexOf(other) === place)
        .map((other) => ({ term: other, weight: 1 })),
    })),
    names: distinct.map(({ term }) => term),
    repairs: [...repairs.values()].map(({ from, to }) => ({ from, to })),
  };
}

interface Correction extends Repair {
  readonly word: string;
  readonly term: string;
}

/** The commonest word at edit distance 1, for a word that may be mistyped and that the tenant's chunks do not have. */
function repairOf(index: TenantIndex, { word, term }: Token): Correction | null {
  if (!mayBeMistyped(word) || documentFrequency(index.text, index.tenant, term) > 0) return null;
  const [nearest] = wordsWithinOneEdit(index.text, index.tenant, word);
  return nearest ? { from: word, to: nearest.word, word: nearest.word, term: nearest.term } : null;
}

function others(index: TenantIndex, query: TextQuery, word: string, isLast: boolean): readonly string[] {
  const longer = query.prefix && isLast ? wordsWithPrefix(index.text, index.tenant, word, longerWords) : [];
  const near = query.fuzzy ? wordsWithinOneEdit(index.text, index.tenant, word) : [];
  return [...longer, ...near].map((known) => known.term);
}
