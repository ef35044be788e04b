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
export function bm25Scorer(groups: readonly Group[], weights: Weights): (row: Pick<ChunkRow, "terms">) => number {
  const wanted = Map.groupBy(new Set(groups.flatMap((group) => group.terms)), (term) => term.charCodeAt(0));
  return (row) => score(countWanted(row.terms.body, wanted), countWanted(row.terms.title, wanted), groups, weights);
}

function score(inBody: Counted, inTitle: Counted, groups: readonly Group[], weights: Weights): number {
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

const blank = 32;

/** One pass over the words, none of which is cut out: only those that begin as a wanted one are compared. */
function countWanted(joined: string, wanted: ReadonlyMap<number, readonly string[]>): Counted {
  const counts = new Map<string, number>();
  if (joined === "") return { length: 0, counts };
  let length = 0;
  for (let start = 0; start < joined.length;) {
    const found = wanted.get(joined.charCodeAt(start))?.find((term) => isWordAt(joined, term, start));
    if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
    length += 1;
    const end = joined.indexOf(" ", start);
    start = end === -1 ? joined.length : end + 1;
  }
  return { length, counts };
}

function isWordAt(joined: string, term: string, start: number): boolean {
  const end = start + term.length;
  return (end === joined.length || joined.charCodeAt(end) === blank) && joined.startsWith(term, start);
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

/** One row alone; for many, make the scorer once. */
export const bm25 = (row: Pick<ChunkRow, "terms">, groups: readonly Group[], weights: Weights): number =>
  bm25Scorer(groups, weights)(row);
