import type { ChunkRow } from "./chunk-rows.ts";
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
  const wanted = new Set(groups.flatMap((group) => group.terms));
  const inBody = countWanted(row.terms.body, wanted);
  const inTitle = countWanted(row.terms.title, wanted);
  return groups.reduce((sum, { terms, times }) => {
    const best = terms.reduce((most, term) => {
      const fromBody = fieldScore(inBody, term, weights, `b${term}`, body, "averageBody");
      const fromTitle = fieldScore(inTitle, term, weights, `t${term}`, title, "averageTitle");
      return Math.max(most, fromBody + fromTitle);
    }, 0);
    return sum + times * best;
  }, 0);
}

interface Counted {
  readonly length: number;
  readonly counts: ReadonlyMap<string, number>;
}

function countWanted(joined: string, wanted: ReadonlySet<string>): Counted {
  if (joined === "") return { length: 0, counts: new Map() };
  const counts = new Map<string, number>();
  const words = joined.split(" ");
  for (const word of words) if (wanted.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return { length: words.length, counts };
}

function fieldScore(
  { counts, length }: Counted,
  term: string,
  { corpus, frequencies }: Weights,
  entry: string,
  field: typeof body,
  average: "averageBody" | "averageTitle",
): number {
  const tf = counts.get(term);
  if (tf === undefined) return 0;
  const holding = Math.max(1, frequencies.get(entry) ?? 0);
  const idf = Math.log(1 + (Math.max(corpus.chunks, holding) - holding + 0.5) / (holding + 0.5));
  const norm = k1 * (1 - field.b + (field.b * length) / corpus[average]);
  return (field.weight * idf * tf) / (tf + norm);
}
