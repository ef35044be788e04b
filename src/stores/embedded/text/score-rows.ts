import type { Moments } from "../../../ports/chunk-store.ts";
import type { Bitmap } from "../bitmap.ts";
import { blockSlots } from "../top-scores.ts";
import { addShares, type AllowedPart, allowedParts, type TermWeight } from "./allowed-part.ts";
import type { SegmentData } from "./segment.ts";
import { bodyOf, documentFrequency, type Field, termIndex, titleOf } from "./term-rows.ts";
import { statisticsOf, type TenantStatistics, type TextIndex } from "./text-index.ts";

/** What a row is asked for. */
export interface QueryTerm {
  /** How often the query says it. */
  readonly weight: number;
  /** What answers it: usually one term of weight 1; more for a prefix or a fuzzy word. */
  readonly alternatives: readonly Alternative[];
}

interface Alternative {
  readonly term: string;
  readonly weight: number;
}

/** Constants of BM25; `titleWeight` is what the title field adds to its words' share of the body. */
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
  /** The best score of each block of slots, so that few have to be looked at for the best. */
  readonly peaks: Float32Array;
  /** Over the allowed rows of the tenant, zeros included. */
  readonly moments: Moments;
  /** Allowed rows with at least one word of the query. */
  readonly matched: number;
  /** Rows of the tenant, whether allowed or not. */
  readonly corpusSize: number;
  /** Per query term: rows of the tenant that hold its first alternative, allowed or not. */
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
 * Scores all allowed rows of a tenant by BM25 as Lucene computes it, for each field: idf · tf / (tf + k1 · (1 − b + b ·
 * length / mean length)) with idf = ln(1 + (N − n + .5) / (n + .5)), where n counts the rows whose field has the term.
 * N, n and the mean lengths are those of the tenant's living rows, so the scores are, to the bit, what they would be if
 * nothing else had ever been indexed, whatever the order and the segments were. Of several alternatives the best counts.
 */
export function scoreRows(index: TextIndex, request: ScoreRequest): TextScores {
  const { tenant, allowed, options = defaultBm25 } = request;
  const scores = request.into?.subarray(0, index.slots) ?? new Float32Array(index.slots);
  scores.fill(0);
  const parts = allowedParts(index, tenant, allowed);
  const corpus = statisticsOf(index, tenant);
  const fields = weightedFields(corpus, options);
  const frequencies = new Map<string, number>();
  const add = ({ term, weight }: Alternative, target: Float32Array): void => {
    for (const field of fields) {
      const frequency = documentFrequency(index, tenant, term, field.of);
      if (field.of === bodyOf) frequencies.set(term, frequency);
      const factor = weight * field.weight * inverseFrequency(corpus.rows, frequency);
      addTerm(parts, field.of, term, { factor, base: field.base, perWord: field.perWord }, target);
    }
  };
  // Terms in one order, so that each row adds up its shares in that order and rounds alike.
  for (const { weight, alternatives } of request.terms.toSorted(byText)) {
    const weighted = alternatives.map((one) => ({ term: one.term, weight: one.weight * weight }));
    if (weighted.length === 1) add(weighted[0] as Alternative, scores);
    else addBest(scores, weighted, add);
  }
  const count = parts.reduce((sum, { rows }) => sum + rows, 0);
  return {
    scores,
    ...summarize(scores, count),
    corpusSize: corpus.rows,
    documentFrequencies: request.terms.map(({ alternatives }) => frequencies.get(alternatives[0]?.term ?? "") ?? 0),
  };
}

export const inverseFrequency = (rows: number, frequency: number): number =>
  Math.log(1 + (rows - frequency + 0.5) / (frequency + 0.5));

function addTerm(
  parts: readonly AllowedPart[],
  fieldOf: WeightedField["of"],
  term: string,
  weight: TermWeight,
  target: Float32Array,
): void {
  for (const one of parts) {
    const at = termIndex(one.part, term);
    if (at >= 0) addShares(one, fieldOf(one.part.segment), at, weight, target);
  }
}

function byText(a: QueryTerm, b: QueryTerm): number {
  const [left, right] = [a, b].map(({ alternatives }) => alternatives.map(({ term }) => term).join(" "));
  return left! < right! ? -1 : left! > right! ? 1 : 0;
}

/** Adds to each row the share of the alternative that gives it most. */
function addBest(
  scores: Float32Array,
  alternatives: readonly Alternative[],
  add: (alternative: Alternative, target: Float32Array) => void,
): void {
  const best = new Float32Array(scores.length);
  const share = new Float32Array(scores.length);
  for (const alternative of alternatives) {
    add(alternative, share.fill(0));
    for (let slot = 0; slot < share.length; slot += 1) {
      if ((share[slot] as number) > (best[slot] as number)) best[slot] = share[slot] as number;
    }
  }
  for (let slot = 0; slot < best.length; slot += 1) scores[slot] = (scores[slot] as number) + (best[slot] as number);
}

export interface WeightedField {
  readonly of: (segment: SegmentData) => Field;
  readonly weight: number;
  /** k1 · (1 − b + b · length / mean) as a straight line in the length. */
  readonly base: number;
  readonly perWord: number;
}

export function weightedFields(
  corpus: TenantStatistics,
  { k1, bodyB, titleB, titleWeight }: Bm25Options,
): WeightedField[] {
  const slope = (b: number, totalLength: number): number =>
    totalLength === 0 ? 0 : (k1 * b * corpus.rows) / totalLength;
  return [
    { of: bodyOf, weight: 1, base: k1 * (1 - bodyB), perWord: slope(bodyB, corpus.bodyLength) },
    { of: titleOf, weight: titleWeight, base: k1 * (1 - titleB), perWord: slope(titleB, corpus.titleLength) },
  ];
}

/**
 * Adding and taking away `coarse` leaves a multiple of 2^-20, and `fine` leaves of the rest a multiple of 2^-46. Sums of
 * either are exact in float64 (below 2^33, and of up to 2^28 rests), hence the same in any order.
 */
const coarse = 1.5 * 2 ** 32;
const fine = 1.5 * 2 ** 6;

function summarize(scores: Float32Array, count: number): Pick<TextScores, "moments" | "matched" | "peaks"> {
  const peaks = new Float32Array(Math.ceil(scores.length / blockSlots));
  let matched = 0;
  let [sum, sumRest, squares, squaresRest] = [0, 0, 0, 0];
  for (let block = 0; block < peaks.length; block += 1) {
    const end = Math.min(scores.length, (block + 1) * blockSlots);
    let peak = 0;
    for (let slot = block * blockSlots; slot < end; slot += 1) {
      const score = scores[slot] as number;
      if (score === 0) continue;
      if (score > peak) peak = score;
      matched += 1;
      const square = score * score;
      const scorePart = score + coarse - coarse;
      const squarePart = square + coarse - coarse;
      sum += scorePart;
      squares += squarePart;
      sumRest += score - scorePart + fine - fine;
      squaresRest += square - squarePart + fine - fine;
    }
    peaks[block] = peak;
  }
  if (count === 0) return { matched, peaks, moments: { mean: 0, deviation: 0, count } };
  const mean = (sum + sumRest) / count;
  const deviation = Math.sqrt(Math.max(0, (squares + squaresRest) / count - mean * mean));
  return { matched, peaks, moments: { mean, deviation, count } };
}
