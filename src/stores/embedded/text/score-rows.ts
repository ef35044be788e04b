import type { Moments } from "../../../ports/chunk-store.ts";
import { type Bitmap, hasSlot } from "../bitmap.ts";
import { startOf } from "./dictionary.ts";
import type { SegmentData } from "./segment.ts";
import { bodyOf, documentFrequency, type Field, termIndex, titleOf } from "./term-rows.ts";
import { ownerOf, ownsAll, statisticsOf, type TenantStatistics, type TextIndex, type TextPart } from "./text-index.ts";

/** What a row is asked for. */
export interface QueryTerm {
  /** How often the query says it. */
  readonly weight: number;
  /** What answers it: usually one term of weight 1; more for a prefix or a fuzzy word. */
  readonly alternatives: readonly Alternative[];
}

export interface Alternative {
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
  const { tenant, allowed } = request;
  const scores = request.into?.subarray(0, index.slots) ?? new Float32Array(index.slots);
  scores.fill(0);
  const parts = index.parts.filter((part) => ownerOf(part, tenant) >= 0);
  const corpus = statisticsOf(index, tenant);
  const fields = weightedFields(corpus, request.options ?? defaultBm25);
  const frequencies = new Map<string, number>();
  const add = ({ term, weight }: Alternative, target: Float32Array): void => {
    for (const field of fields) {
      const frequency = documentFrequency(index, tenant, term, field.of);
      if (field.of === bodyOf) frequencies.set(term, frequency);
      const idf = Math.log(1 + (corpus.rows - frequency + 0.5) / (frequency + 0.5));
      for (const part of parts)
        addField({ part, tenant, allowed, scores: target }, field, term, weight * field.weight * idf);
    }
  };
  // Terms in one order, so that each row adds up its shares in that order and rounds alike.
  for (const { weight, alternatives } of request.terms.toSorted(byText)) {
    const [only, ...others] = alternatives.map((one) => ({ term: one.term, weight: one.weight * weight }));
    if (only !== undefined && others.length === 0) add(only, scores);
    else addBest(scores, only === undefined ? [] : [only, ...others], add);
  }
  return {
    scores,
    ...summarize(scores, allowed === null ? corpus.rows : countAllowed(parts, tenant, allowed)),
    corpusSize: corpus.rows,
    documentFrequencies: request.terms.map(({ alternatives }) => frequencies.get(alternatives[0]?.term ?? "") ?? 0),
  };
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

interface WeightedField {
  readonly of: (segment: SegmentData) => Field;
  readonly weight: number;
  /** k1 · (1 − b + b · length / mean) as a straight line in the length. */
  readonly base: number;
  readonly perWord: number;
}

function weightedFields(corpus: TenantStatistics, { k1, bodyB, titleB, titleWeight }: Bm25Options): WeightedField[] {
  const slope = (b: number, totalLength: number): number =>
    totalLength === 0 ? 0 : (k1 * b * corpus.rows) / totalLength;
  return [
    { of: bodyOf, weight: 1, base: k1 * (1 - bodyB), perWord: slope(bodyB, corpus.bodyLength) },
    { of: titleOf, weight: titleWeight, base: k1 * (1 - titleB), perWord: slope(titleB, corpus.titleLength) },
  ];
}

interface Pass {
  readonly part: TextPart;
  readonly tenant: number;
  readonly allowed: Bitmap | null;
  readonly scores: Float32Array;
}

/** Adds one term's share of one field. The innermost loop of text search: plain arrays and no calls. */
function addField({ part, tenant, allowed, scores }: Pass, field: WeightedField, term: string, factor: number): void {
  const at = termIndex(part, term);
  if (at < 0) return;
  const { base, perWord } = field;
  const { ends, rows, counts, lengths } = field.of(part.segment);
  const { owners, segment } = part;
  const { slots } = segment;
  const owner = ownerOf(part, tenant);
  const isOpen = ownsAll(part);
  const end = ends[at] as number;
  for (let place = startOf(ends, at); place < end; place += 1) {
    const row = rows[place] as number;
    if (!isOpen && owners[row] !== owner) continue;
    const slot = slots[row] as number;
    if (allowed !== null && !hasSlot(allowed, slot)) continue;
    const count = counts[place] as number;
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
 * Adding and taking away `coarse` leaves a multiple of 2^-20, and `fine` leaves of the rest a multiple of 2^-46. Sums of
 * either are exact in float64 (below 2^33, and of up to 2^28 rests), hence the same in any order.
 */
const coarse = 1.5 * 2 ** 32;
const fine = 1.5 * 2 ** 6;

function summarize(scores: Float32Array, count: number): Pick<TextScores, "moments" | "matched"> {
  let matched = 0;
  let [sum, sumRest, squares, squaresRest] = [0, 0, 0, 0];
  for (let slot = 0; slot < scores.length; slot += 1) {
    const score = scores[slot] as number;
    if (score === 0) continue;
    matched += 1;
    const square = score * score;
    const scorePart = score + coarse - coarse;
    const squarePart = square + coarse - coarse;
    sum += scorePart;
    squares += squarePart;
    sumRest += score - scorePart + fine - fine;
    squaresRest += square - squarePart + fine - fine;
  }
  if (count === 0) return { matched, moments: { mean: 0, deviation: 0, count } };
  const mean = (sum + sumRest) / count;
  const deviation = Math.sqrt(Math.max(0, (squares + squaresRest) / count - mean * mean));
  return { matched, moments: { mean, deviation, count } };
}
