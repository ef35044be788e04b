import type { Candidate, ChunkName } from "../../../ports/chunk-store.ts";

/** Candidates on their way to another thread, in columns: copying a hundred objects takes longer than making them. */
export interface SentCandidates<Known extends ChunkName> {
  readonly chunks: readonly Known[];
  /** NaN: none. */
  readonly cosines: Float64Array;
  readonly bm25s: Float64Array;
  /** 0: not in the leg's list. */
  readonly vectorRanks: Uint32Array;
  readonly textRanks: Uint32Array;
  /** Null where they were not asked for. */
  readonly vectors: SentVectors | null;
}

interface SentVectors {
  readonly dimensions: number;
  /** One after the other in one piece: each transfer has a price of its own. */
  readonly values: Float32Array;
  /** The place of each among the candidates. */
  readonly places: readonly number[];
}

/** @param vectors by place; a candidate without a vector has none. */
export function packVectors(dimensions: number, vectors: readonly (Float32Array | undefined)[]): SentVectors {
  const places = vectors.flatMap((vector, place) => (vector ? [place] : []));
  const values = new Float32Array(places.length * dimensions);
  places.forEach((place, row) => values.set(vectors[place]!, row * dimensions));
  return { dimensions, values, places };
}

/** Their vectors share one buffer. */
export function receivedCandidates<Known extends ChunkName>(sent: SentCandidates<Known>): readonly Candidate<Known>[] {
  const { cosines, bm25s, vectorRanks, textRanks, vectors } = sent;
  const scoreIn = (scores: Float64Array, place: number) => (Number.isNaN(scores[place]) ? null : scores[place]!);
  const candidates = sent.chunks.map((chunk, place): Candidate<Known> => ({
    chunk,
    cosine: scoreIn(cosines, place),
    bm25: scoreIn(bm25s, place),
    vectorRank: vectorRanks[place] || null,
    textRank: textRanks[place] || null,
  }));
  if (vectors === null) return candidates;
  const { dimensions, values, places } = vectors;
  places.forEach((place, row) => {
    const vector = values.subarray(row * dimensions, (row + 1) * dimensions);
    candidates[place] = { ...candidates[place]!, vector };
  });
  return candidates;
}
