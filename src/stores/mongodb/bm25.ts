import { wordCount, type ChunkRow } from "./chunk-rows.ts";
import type { Corpus } from "./statistics.ts";

const k1 = 0.9;
const body = { b: 0.4, weight: 1 };
const title = { b: 0.3, weight: 0.2 };

/** A word of the query with the terms that count as it, and how often it was said. */
export interface Group {
  readonly terms: readonly string[];
  readonly times: number;
}

/** What scoring needs to know of a tenant: frequencies by vocabulary entry. */
export interface Weights {
  readonly corpus: Corpus;
  readonly frequencies: ReadonlyMap<string, number>;
}

/** BM25 as `ports/chunk-store.ts` defines it, over the tenant's own statistics: what Lucene's global ones are not. */
export function bm25(row: Pick<ChunkRow, "terms">, groups: readonly Group[], weights: Weights): number {
  const inBody = countsOf(row.terms.body);
  const inTitle = countsOf(row.terms.title);
  const lengths = { body: wordCount(row.terms.body), title: wordCount(row.terms.title) };
  return groups.reduce((sum, { terms, times }) => {
    const best = terms.reduce((most, term) => {
      const fromBody = fieldScore(inBody.get(term), lengths.body, weights, `b${term}`, body, "averageBody");
      const fromTitle = fieldScore(inTitle.get(term), lengths.title, weights, `t${term}`, title, "averageTitle");
      return Math.max(most, fromBody + fromTitle);
    }, 0);
    return sum + times * best;
  }, 0);
}

function countsOf(joined: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const term of joined.split(" ")) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

function fieldScore(
  tf: number | undefined,
  length: number,
  { corpus, frequencies }: Weights,
  entry: string,
  field: typeof body,
  average: "averageBody" | "averageTitle",
): number {
  if (tf === undefined) return 0;
  const holding = Math.max(1, frequencies.get(entry) ?? 0);
  const idf = Math.log(1 + (Math.max(corpus.chunks, holding) - holding + 0.5) / (holding + 0.5));
  const norm = k1 * (1 - field.b + (field.b * length) / corpus[average]);
  return (field.weight * idf * tf) / (tf + norm);
}
