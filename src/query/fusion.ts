import type { Candidate, ChunkName, ChunkSearchResult } from "../ports/chunk-store.ts";
import type { Chunk, HopPath } from "../records.ts";
import type { DocumentGain } from "./document-prior.ts";
import type { FusionMethod } from "./plan.ts";

export interface Fusion {
  readonly method: FusionMethod;
  readonly vectorWeight: number;
  readonly textWeight: number;
  /** Of reciprocal ranks only. */
  readonly rankConstant: number;
}

/** What each leg added to a fused score; they sum to it. */
export interface Shares {
  readonly vector: number;
  readonly text: number;
  /** For resembling the best hits. */
  readonly support: number;
  /** For the document that it stands in, among documents that are alike. */
  readonly document: number;
}

/** What the two legs alone add. */
export type LegShares = Pick<Shares, "vector" | "text">;

/** What fusion looks at. */
export type LegScores = Pick<Candidate, "cosine" | "bm25" | "vectorRank" | "textRank" | "native">;

/** A search's result, or other passages in the place of its candidates. */
export type ScoredResult = Omit<ChunkSearchResult, "candidates"> & { readonly candidates: readonly LegScores[] };

/** A candidate in its place. `score` orders; `shares` say where it came from. */
export interface FusedHit<Known extends ChunkName = Chunk> {
  readonly candidate: Candidate<Known>;
  readonly score: number;
  readonly shares: Shares;
  /** What following links added, where they were followed. */
  readonly graph: number | null;
  readonly rerank: number | null;
  readonly path?: HopPath;
  /** What `shares.document` is made of. */
  readonly gained?: DocumentGain;
}

/** An engine's score, or null when it has none. */
export const finite = (score: number | null): number | null =>
  score !== null && Number.isFinite(score) ? score : null;
