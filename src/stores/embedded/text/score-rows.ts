import type { Moments } from "../../../ports/chunk-store.ts";
import type { Bitmap } from "../bitmap.ts";
import { addShares, type AllowedPart, allowedParts, type TermWeight } from "./allowed-part.ts";
import { plainScoreMemory, type ScoreMemory, type ScoreSummary } from "./score-memory.ts";
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
  /** See `ScoreSummary`. */
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
  /** For the scores, to spare an allocation: they are valid until it is used again. */
  readonly memory?: ScoreMemory;
}

/**
 * Scores all allowed rows of a tenant by BM25 as Lucene computes it, for each field: idf · tf / (tf + k1 · (1 − b + b ·
 * length / mean length)) with idf = ln(1 + (N − n + .5) / (n + .5)), where n counts the rows whose field has the term.
 * N, n and the mean lengths are those of the tenant's living rows, so the scores are, to the bit, what they would be if
 * nothing else had ever been indexed, whatever the order and the segments were. Of several alternatives the best counts.
 */
export function scoreRows(index: TextIndex, request: ScoreRequest): TextScores {
  const { tenant, allowed, options = defaultBm25 } = request;
  const memory = request.memory ?? plainScoreMemory();
  const scores = memory.zeros(index.slots);
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
  const summary = memory.summarize();
  return {
    scores,
    peaks: summary.peaks,
    moments: momentsOf(summary, count),
    matched: summary.matched,
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

function momentsOf({ sum, squares }: ScoreSummary, count: number): Moments {
  if (count === 0) return { mean: 0, deviation: 0, count };
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), count };
}
