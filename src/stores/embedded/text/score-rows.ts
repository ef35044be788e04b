import type { Moments } from "../../../ports/chunk-store.ts";
import { type Bitmap, hasSlot } from "../bitmap.ts";
import { startOf } from "./dictionary.ts";
import { documentFrequency, termIndex } from "./term-rows.ts";
import { ownerOf, ownsAll, statisticsOf, type TextIndex, type TextPart } from "./text-index.ts";

/** What a row is asked for. Usually one alternative of weight 1; more for a prefix or a fuzzy word. */
export interface QueryTerm {
  /** How often the query says it. */
  readonly weight: number;
  readonly alternatives: readonly Alternative[];
}

export interface Alternative {
  readonly term: string;
  readonly weight: number;
}

/** Constants of BM25; `titleWeight` is what the title field adds beside its words' share of the body. */
export interface Bm25Options {
  readonly k1: number;
  readonly bodyB: number;
  readonly titleB: number;
  readonly titleWeight: number;
}

/** Held-out choice over 15 collections. */
export const defaultBm25: Bm25Options = { k1: 0.9, bodyB: 0.4, titleB: 0.3, titleWeight: 0.2 };

export interface TextScores {
  /** Per slot: its score; 0 for rows without a word of the query and rows that are not allowed. */
  readonly scores: Float32Array;
  /** Over the allowed rows of the tenant, zeros included. */
  readonly moments: Moments;
  /** Allowed rows with at least one word of the query. */
  readonly matched: number;
  /** Rows of the tenant, whether allowed or not. */
  readonly corpusSize: number;
  /** Per query term: rows of the tenant that hold it (of several alternatives: the commonest's), allowed or not. */
  readonly documentFrequencies: readonly number[];
}

export interface ScoreRequest {
  readonly tenant: number;
  readonly terms: readonly QueryTerm[];
  /** By slot; null allows every row of the tenant. Slots of other tenants in it change nothing. */
  readonly allowed: Bitmap | null;
  readonly options?: Bm25Options;
  /** Memory for the scores, at least `index.slots` long, to spare an allocation; it is overwritten. */
  readonly into?: Float32Array;
}

/**
 * Scores all allowed rows of a tenant by BM25 as Lucene computes it: idf · tf / (tf + k1 · (1 − b + b · length / mean
 * length)) with idf = ln(1 + (N − n + .5) / (n + .5)). N, n and the mean lengths are those of the tenant's living rows,
 * so the scores are, to the bit, what they would be if nothing else had ever been indexed, whatever the order and the
 * segments were.
 */
export function scoreRows(index: TextIndex, request: ScoreRequest): TextScores {
  const { tenant, allowed, options = defaultBm25 } = request;
  const scores = request.into?.subarray(0, index.slots) ?? new Float32Array(index.slots);
  scores.fill(0);
  const corpus = statisticsOf(index, tenant);
  const body = lengthNorm(options.k1, options.bodyB, corpus.bodyLength, corpus.rows);
  const title = lengthNorm(options.k1, options.titleB, corpus.titleLength, corpus.rows);
  const parts = index.parts.filter((part) => ownerOf(part, tenant) >= 0);
  // Terms in one order, so that each row adds up its shares in that order and rounds alike.
  const ordered = request.terms.map((term) => ({ ...term, frequency: groupFrequency(index, tenant, term) }));
  for (const { term, weight, frequency } of flatten(ordered)) {
    const idf = weight * Math.log(1 + (corpus.rows - frequency + 0.5) / (frequency + 0.5));
    for (const part of parts) {
      const at = termIndex(part, term);
      if (at < 0) continue;
      const pass = { part, owner: ownerOf(part, tenant), allowed, scores };
      addField(pass, bodyField(part), at, idf, body);
      addField(pass, titleField(part), at, idf * options.titleWeight, title);
    }
  }
  return {
    scores,
    ...summarize(scores, allowed === null ? corpus.rows : countAllowed(parts, tenant, allowed)),
    corpusSize: corpus.rows,
    documentFrequencies: ordered.map(({ frequency }) => frequency),
  };
}

/** Of alternatives, the commonest decides what the group is worth: a rare ending of a common word is no rare word. */
const groupFrequency = (index: TextIndex, tenant: number, { alternatives }: QueryTerm): number =>
  Math.max(0, ...alternatives.map(({ term }) => documentFrequency(index, tenant, term)));

interface WeightedTerm extends Alternative {
  readonly frequency: number;
}

function flatten(terms: readonly (QueryTerm & { readonly frequency: number })[]): WeightedTerm[] {
  const flat = terms.flatMap(({ weight, alternatives, frequency }) =>
    alternatives.map((alternative) => ({ term: alternative.term, weight: weight * alternative.weight, frequency })),
  );
  const compare = (a: WeightedTerm, b: WeightedTerm): number =>
    a.term < b.term ? -1 : a.term > b.term ? 1 : a.weight - b.weight || a.frequency - b.frequency;
  return flat.filter(({ frequency }) => frequency > 0).sort(compare);
}

interface LengthNorm {
  readonly base: number;
  readonly perWord: number;
}

/** k1 · (1 − b + b · length / mean) as a straight line in the length. */
function lengthNorm(k1: number, b: number, totalLength: number, rows: number): LengthNorm {
  return { base: k1 * (1 - b), perWord: totalLength === 0 ? 0 : (k1 * b * rows) / totalLength };
}

interface Pass {
  readonly part: TextPart;
  readonly owner: number;
  readonly allowed: Bitmap | null;
  readonly scores: Float32Array;
}

interface Field {
  readonly ends: Uint32Array;
  readonly rows: Uint16Array;
  readonly counts: Uint8Array;
  readonly lengths: Uint32Array;
}

const bodyField = ({ segment }: TextPart): Field => ({
  ends: segment.bodyEnds,
  rows: segment.bodyRows,
  counts: segment.bodyCounts,
  lengths: segment.bodyLengths,
});

const titleField = ({ segment }: TextPart): Field => ({
  ends: segment.titleEnds,
  rows: segment.titleRows,
  counts: segment.titleCounts,
  lengths: segment.titleLengths,
});

/** Adds one term's share of one field. The innermost loop of text search: plain arrays and no calls. */
function addField(pass: Pass, field: Field, term: number, factor: number, { base, perWord }: LengthNorm): void {
  const { rows, counts, lengths } = field;
  const { scores, allowed, owner } = pass;
  const { owners, segment } = pass.part;
  const { slots } = segment;
  const end = field.ends[term] as number;
  const isOpen = ownsAll(pass.part);
  for (let at = startOf(field.ends, term); at < end; at += 1) {
    const row = rows[at] as number;
    if (!isOpen && owners[row] !== owner) continue;
    const slot = slots[row] as number;
    if (allowed !== null && !hasSlot(allowed, slot)) continue;
    const count = counts[at] as number;
    scores[slot] = (scores[slot] as number) + (factor * count) / (count + base + perWord * (lengths[row] as number));
  }
}

function countAllowed(parts: readonly TextPart[], tenant: number, allowed: Bitmap): number {
  let count = 0;
  for (const part of parts) {
    const owner = ownerOf(part, tenant);
    const { owners, segment } = part;
    for (let row = 0; row < owners.length; row += 1) {
      if (owners[row] === owner && hasSlot(allowed, segment.slots[row] as number)) count += 1;
    }
  }
  return count;
}

/**
 * Adding and taking away this much leaves a multiple of 2^-20. Sums of such numbers are exact in float64 (below 2^33),
 * hence the same in any order.
 */
const grid = 1.5 * 2 ** 32;

function summarize(scores: Float32Array, count: number): Pick<TextScores, "moments" | "matched"> {
  let matched = 0;
  let sum = 0;
  let squares = 0;
  for (let slot = 0; slot < scores.length; slot += 1) {
    const score = scores[slot] as number;
    if (score === 0) continue;
    matched += 1;
    sum += score + grid - grid;
    squares += score * score + grid - grid;
  }
  const mean = count === 0 ? 0 : sum / count;
  const deviation = count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { matched, moments: { mean, deviation, count } };
}
