import type { IndexIdentity } from "./store.ts";

/** What a store calls a row: they have an order, and none is used twice. */
export type RowKey = number | string;

/** A chunk whose vector is still to be made. `chunk_key` orders them and is never used twice. */
export interface PendingChunk {
  readonly chunk_key: RowKey;
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly content: string;
  /** Of the text that the vector before was made of. */
  readonly embedding_hash: string;
}

/** A memory whose vector is still to be made. `tenant` is what the store calls it. */
export interface PendingMemory {
  readonly tenant: RowKey;
  readonly agent_id: string;
  readonly memory_id: string;
  readonly content: string;
}

export interface MadeChunk {
  readonly chunk_key: RowKey;
  readonly embedding_hash: string;
  readonly vector: Float32Array;
  /** Whether the embedder's limit cut its text. */
  readonly isCut: boolean;
}

export interface MadeMemory {
  readonly memory: PendingMemory;
  readonly vector: Float32Array;
}

export interface ShadowCounts {
  readonly chunks: number;
  readonly memories: number;
  /** Of both, those that have no new vector yet. */
  readonly pending: number;
  /** Chunks whose text the new embedder does not read to its end. */
  readonly cut: number;
}

/**
 * An index for another embedder that is made beside the one in use, for all tenants. Vectors that were kept survive any
 * end of the process; the index in use is not touched before `activate`, and nothing is half active after it.
 */
export interface ShadowIndex {
  counts(): Promise<ShadowCounts>;
  /** Pending chunks behind a key, in the order of keys; null: from the first on. */
  chunks(after: RowKey | null, limit: number): Promise<readonly PendingChunk[]>;
  /** Pending memories behind one, in the order of tenant, agent and id. */
  memories(after: PendingMemory | null, limit: number): Promise<readonly PendingMemory[]>;
  /** When it resolves, the vectors are durable. */
  keep(made: { readonly chunks?: readonly MadeChunk[]; readonly memories?: readonly MadeMemory[] }): Promise<void>;
  /**
   * Makes everything that is stored, with the new vectors, the index in use, at once. With dimensions 0 it has no
   * vectors. The index before stays until the next one is begun or until it is discarded.
   *
   * @throws HybridRAGError `conflict` while chunks or memories are pending.
   */
  activate(identity: IndexIdentity): Promise<void>;
  close(): Promise<void>;
}

/** What replaces the index by another. What was opened before goes on with the index that it opened. */
export interface IndexGenerations {
  /** Another chunker's name for the index; its vectors must be of the same embedder. */
  adopt(identity: IndexIdentity): Promise<void>;
  /**
   * An index for another embedder, beside this one; one that was begun and not finished is taken up again. With the
   * identity in use: for what has no vector of it. Close this store right after it was activated.
   */
  shadow(identity: IndexIdentity): Promise<ShadowIndex>;
  /** Chunks and memories that the index in use holds no vector of. */
  missing(): Promise<number>;
  /**
   * Makes the index before the one in use; a second call takes that back. Close this store right after.
   *
   * @throws HybridRAGError `not_found` when there is none.
   */
  rollBack(): Promise<void>;
  /** Removes the index before and unfinished ones. @returns how many there were. */
  discard(): Promise<number>;
}
