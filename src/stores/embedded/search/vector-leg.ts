import type { Moments } from "../../../ports/chunk-store.ts";
import { cosine } from "../vector/cosine.ts";
import { bestWithin, byScore } from "./best-slots.ts";
import type { Search } from "./search-chunks.ts";

export interface VectorLeg {
  /** Rank by slot, from 1. */
  readonly ranks: ReadonlyMap<number, number>;
  readonly moments: Moments | null;
  /** Exact cosines; slots without a vector are left out. */
  cosines(slots: readonly number[]): ReadonlyMap<number, number>;
}

export const noVectors: VectorLeg = { ranks: new Map(), moments: null, cosines: () => new Map() };

/**
 * How far two cosines of codes may lie apart although the true ones are equal: rounding to 127ths of the largest
 * component leaves an error of about .013 / √dimensions (standard deviation), and this is three of them on each side.
 */
const marginOf = (dimensions: number): number => 0.08 / Math.sqrt(dimensions);

/** So few vectors are all compared exactly, which makes their moments exact as well. */
const allRescored = 256;

export function vectorLeg(search: Search): VectorLeg {
  const { index, request, allowed, chunkIds } = search;
  const question = request.vector!;
  const { slots, scores, moments } = index.vectors.nearest(
    question,
    allowed.bitmap,
    index.slots.size,
    request.candidates,
  );
  const margin = moments.count <= allRescored ? Infinity : marginOf(index.dimensions);
  const most = Math.max(allRescored, 4 * request.candidates);
  const found = bestWithin(slots, scores, { limit: request.candidates, margin, most }, chunkIds);
  const known = exactCosines(search, question, found);
  const least = request.minCosine ?? -Infinity;
  const hits = [...known].map(([slot, score]) => ({ slot, score })).filter(({ score }) => score >= least);
  const best = byScore(hits, chunkIds).slice(0, request.candidates);
  return {
    ranks: new Map(best.map(({ slot }, at) => [slot, at + 1])),
    moments: known.size === moments.count ? momentsOf([...known.values()]) : moments,
    cosines: (slots) => {
      const missing = slots.filter((slot) => !known.has(slot));
      return new Map([...known, ...exactCosines(search, question, missing)]);
    },
  };
}

/** Where every vector was rescored, the moments are exact as well. */
function momentsOf(cosines: readonly number[]): Moments {
  const count = cosines.length;
  if (count === 0) return { mean: 0, deviation: 0, count };
  const mean = cosines.reduce((sum, x) => sum + x, 0) / count;
  return { mean, deviation: Math.sqrt(cosines.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count), count };
}

const exactCosines = (
  { stored }: Search,
  question: Float32Array,
  slots: readonly number[],
): ReadonlyMap<number, number> =>
  new Map([...stored.vectors(slots)].map(([slot, vector]) => [slot, cosine(question, vector)]));
