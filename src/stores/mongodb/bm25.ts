import type { ChunkRow } from "./chunk-rows.ts";
import type { Corpus } from "./statistics.ts";

const k1 = 0.9;
const body = { b: 0.4, weight: 1, mark: "b", average: "averageBody" } as const;
const title = { b: 0.3, weight: 0.2, mark: "t", average: "averageTitle" } as const;

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
  const terms = [...new Set(groups.flatMap((group) => group.terms))];
  const wanted = byFirstLetter(terms);
  const inBody = fieldScorer(terms, weights, body);
  const inTitle = fieldScorer(terms, weights, title);
  const places = new Map(terms.map((term, place) => [term, place]));
  const said = groups.map((group) => ({ places: group.terms.map((term) => places.get(term)!), times: group.times }));
  return (row) => {
    inBody.read(row.terms.body, wanted);
    inTitle.read(row.terms.title, wanted);
    let sum = 0;
    for (const group of said) {
      let best = 0;
      for (const place of group.places) best = Math.max(best, inBody.score(place) + inTitle.score(place));
      sum += group.times * best;
    }
    return sum;
  };
}

interface FieldScorer {
  /** Takes the words of a row in, in place of those before. */
  readonly read: (joined: string, wanted: Wanted) => void;
  /** Of the term at this place, in what was read. */
  readonly score: (place: number) => number;
}

/** What does not change from row to row is computed once. */
function fieldScorer(
  terms: readonly string[],
  { corpus, frequencies }: Weights,
  field: typeof body | typeof title,
): FieldScorer {
  const scales = Float64Array.from(terms, (term) => {
    const holding = Math.max(1, frequencies.get(field.mark + term) ?? 0);
    const idf = Math.log(1 + (Math.max(corpus.chunks, holding) - holding + 0.5) / (holding + 0.5));
    return field.weight * idf;
  });
  const counts = new Int32Array(terms.length);
  let norm = 0;
  return {
    read: (joined, wanted) => {
      counts.fill(0);
      const length = countWanted(joined, wanted, counts);
      norm = k1 * (1 - field.b + (field.b * length) / corpus[field.average]);
    },
    score: (place) => {
      const tf = counts[place]!;
      return tf === 0 ? 0 : (scales[place]! * tf) / (tf + norm);
    },
  };
}

interface Wanted {
  readonly terms: readonly string[];
  /** 1 where a term begins with a letter of this code, modulo the length: most words are passed over by it. */
  readonly mayBegin: Uint8Array;
  /** Places of those terms. */
  readonly places: readonly (readonly number[])[];
}

const codes = 256;

function byFirstLetter(terms: readonly string[]): Wanted {
  const places = Array.from({ length: codes }, (): number[] => []);
  for (const [place, term] of terms.entries()) places[term.charCodeAt(0) & (codes - 1)]!.push(place);
  return { terms, mayBegin: Uint8Array.from(places, (some) => (some.length > 0 ? 1 : 0)), places };
}

/** From blank to blank; no word is cut out, and only those that begin as a wanted one are compared. @returns the words. */
function countWanted(joined: string, { terms, mayBegin, places }: Wanted, counts: Int32Array): number {
  if (joined === "") return 0;
  let length = 0;
  let start = 0;
  do {
    length += 1;
    const code = joined.charCodeAt(start) & (codes - 1);
    if (mayBegin[code] === 1) {
      for (const place of places[code]!) if (isWordAt(joined, terms[place]!, start)) counts[place]! += 1;
    }
    start = joined.indexOf(" ", start) + 1;
  } while (start > 0);
  return length;
}

const blank = 32;

function isWordAt(joined: string, term: string, start: number): boolean {
  const end = start + term.length;
  return (end === joined.length || joined.charCodeAt(end) === blank) && joined.startsWith(term, start);
}

/** Which of these terms, 31 at most, a joined text has: bit i is term i. */
export function wordMask(terms: readonly string[]): (joined: string) => number {
  const wanted = byFirstLetter(terms);
  const counts = new Int32Array(terms.length);
  return (joined) => {
    counts.fill(0);
    countWanted(joined, wanted, counts);
    return counts.reduce((mask, count, bit) => (count > 0 ? mask | (1 << bit) : mask), 0);
  };
}

/** One row alone; for many, make the scorer once. */
export const bm25 = (row: Pick<ChunkRow, "terms">, groups: readonly Group[], weights: Weights): number =>
  bm25Scorer(groups, weights)(row);
