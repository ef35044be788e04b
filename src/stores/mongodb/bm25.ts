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
  const wanted = byFirstLetter(new Set(groups.flatMap((group) => group.terms)));
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

interface Wanted {
  readonly terms: ReadonlyMap<number, readonly string[]>;
  /** 1 where a wanted term begins with a letter of this code, modulo its length: most words are passed over by it. */
  readonly mayBegin: Uint8Array;
}

function byFirstLetter(terms: ReadonlySet<string>): Wanted {
  const mayBegin = new Uint8Array(256);
  for (const term of terms) mayBegin[term.charCodeAt(0) & 255] = 1;
  return { terms: Map.groupBy(terms, (term) => term.charCodeAt(0)), mayBegin };
}

/** One pass over the letters; no word is cut out, and only those that begin as a wanted one are compared. */
function countWanted(joined: string, { terms, mayBegin }: Wanted): Counted {
  const counts = new Map<string, number>();
  let length = 0;
  let isFirst = true;
  for (let at = 0; at < joined.length; at++) {
    const code = joined.charCodeAt(at);
    if (code === blank) {
      isFirst = true;
    } else if (isFirst) {
      isFirst = false;
      length += 1;
      if (mayBegin[code & 255] === 0) continue;
      const found = wordAt(joined, terms.get(code), at);
      if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
    }
  }
  return { length, counts };
}

/** A function of its own: one that took `at` from the loop would make the loop store it anew for every letter. */
const wordAt = (joined: string, terms: readonly string[] | undefined, start: number): string | undefined =>
  terms?.find((term) => isWordAt(joined, term, start));

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
