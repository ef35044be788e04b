import type { HybridRAGError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import type { Chunk, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions } from "./store.ts";

/** Reads and searches passages. They are written only as part of a document version. */
export interface ChunkStore {
  /** In the order of the ids; ids that do not exist or may not be read are left out. */
  get(scope: Scope, chunkIds: readonly string[], options?: CallOptions): Promise<readonly Chunk[]>;
  /** In the order of the text. */
  ofDocument(scope: Scope, documentId: string, options?: CallOptions): Promise<readonly Chunk[]>;
  /**
   * The first chunks of each of these documents: at most `count` of each, those of a document together in the order of
   * the text. Documents that do not exist or may not be read are left out.
   */
  openings(
    scope: Scope,
    documentIds: readonly string[],
    count: number,
    options?: CallOptions,
  ): Promise<readonly Chunk[]>;
  /** Stored vectors of a document's current version by `embedding_hash`, so that equal text is never embedded twice. */
  vectors(scope: Scope, documentId: string, options?: CallOptions): Promise<ReadonlyMap<string, Float32Array>>;
  /**
   * Runs the vector leg, the text leg or both over the chunks that scope and filter allow: the filter is applied
   * before the search, so a result is short only when too few chunks are allowed. Fails only when every leg that was
   * asked for failed.
   */
  search(scope: Scope, request: ChunkSearch, options?: CallOptions): Promise<ChunkSearchResult>;
  /**
   * The same with nothing of a chunk but its ids, for a caller that shows few of the candidates and reads those by
   * `get`. Absent where it would be no cheaper.
   */
  find?(scope: Scope, request: ChunkSearch, options?: CallOptions): Promise<ChunkSearchResult<ChunkName>>;
}

/** What fusion needs to know of a chunk. */
export type ChunkName = Pick<Chunk, "chunk_id" | "document_id">;

export interface ChunkSearch {
  /** Unit length, of the index's dimensions; null leaves the vector leg out. */
  readonly vector: Float32Array | null;
  /** Null leaves the text leg out. */
  readonly text: TextQuery | null;
  readonly filter: Filter | null;
  /** How many hits each leg contributes. */
  readonly candidates: number;
  /** Hits of the vector leg below this cosine are left out. */
  readonly minCosine?: number;
  /** Return the stored vector of every candidate (for diversity). */
  readonly withVectors?: boolean;
  /**
   * With both legs: the server fuses them itself, by ranks and scores of its own, and each candidate says what it gave.
   * For stores with `nativeFusion`. @throws HybridRAGError `invalid_config` where the server cannot.
   */
  readonly native?: NativeFusion;
}

/** Reciprocal ranks with the server's constant of 60, or weighted scores brought to one scale and averaged. */
export type NativeFusion = { readonly vectorWeight: number; readonly textWeight: number } & (
  | { readonly kind: "rank" }
  | { readonly kind: "score"; readonly normalization: "none" | "sigmoid" | "minMaxScaler" }
);

/** The server's fused score, and what each leg gave of it; the two sum to it. */
export interface NativeScore {
  readonly score: number;
  readonly vector: number;
  readonly text: number;
}

export interface TextQuery {
  /** Natural language; it is analysed as the corpus was, and any of its words may match. */
  readonly query: string;
  /**
   * A word of four or more letters and no digit that no chunk has becomes the commonest word at edit distance 1. Words
   * are compared as they are written, before stemming: an ending may be mistyped too.
   */
  readonly repairTypos?: boolean;
  /** Only chunks that hold all these phrases, word by word in title or content. The vector leg is not narrowed. */
  readonly phrases?: readonly string[];
  /** The last word also matches as the beginning of longer words. */
  readonly prefix?: boolean;
  /** Every word also matches words at edit distance 1. */
  readonly fuzzy?: boolean;
}

/**
 * The text leg's score is BM25(body) + .2 · BM25(title), where the body is `searchableText` (title, headings above the
 * chunk, content), each field as Lucene computes it:
 * Σ over the words of the query, repeated ones as often as they are said, of idf · tf / (tf + k1 · (1 − b + b · length / average length)), with
 * idf = ln(1 + (N − n + .5) / (n + .5)), k1 = .9, b = .4 (body) and .3 (title). N is the number of the tenant's
 * chunks, n the number of them whose field holds the word; lengths count analysed words, averages are over all of the
 * tenant's chunks. Statistics do not depend on filter or access list. A chunk that lacks a phrase scores 0. Equal
 * scores are ordered by `chunk_id`, by code point.
 */
export interface ChunkSearchResult<Known extends ChunkName = Chunk> {
  /** The union of the legs' best `candidates`, each once; order is not meaningful. */
  readonly candidates: readonly Candidate<Known>[];
  readonly vector: LegReport | null;
  readonly text: TextLegReport | null;
  /** Chunks that scope and filter allow. */
  readonly allowed: number;
  /** Writes of the tenant, made through this store, that the search could not see yet; absent: none. */
  readonly behind?: number;
  /** What may be wrong with the result although nothing failed. */
  readonly warnings?: readonly Warning[];
}

export interface Candidate<Known extends ChunkName = Chunk> {
  readonly chunk: Known;
  /** Null where the engine cannot say cheaply (see `StoreCapabilities.exactScores`) or the chunk has no vector. */
  readonly cosine: number | null;
  readonly bm25: number | null;
  /** Rank in the leg's own list, from 1; null outside its best `candidates`. */
  readonly vectorRank: number | null;
  readonly textRank: number | null;
  readonly vector?: Float32Array;
  /** Where the server fused. */
  readonly native?: NativeScore;
}

/**
 * Mean and population deviation of a leg's score over all allowed chunks: words that are not there score 0, chunks
 * without a vector have no cosine and are left out.
 */
export interface Moments {
  readonly mean: number;
  readonly deviation: number;
  readonly count: number;
}

export interface LegReport {
  readonly milliseconds: number;
  readonly moments: Moments | null;
  /** A leg that failed while the other answered. */
  readonly error: HybridRAGError | null;
}

export interface TextLegReport extends LegReport {
  /** Allowed chunks with at least one word of the query. */
  readonly matched: number;
  /** The analysed words of the query, repaired, with the number of the tenant's chunks that hold each anywhere. */
  readonly terms: readonly { readonly term: string; readonly documentFrequency: number }[];
  /** Chunks of the tenant: N of the inverse document frequency. */
  readonly corpusSize: number;
  readonly repairs: readonly Repair[];
}

/** "you wrote `from`, no passage has it, searched for `to`": the word as written, folded, and the term of the index. */
export interface Repair {
  readonly from: string;
  readonly to: string;
}
