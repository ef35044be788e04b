import type { IndexIdentity } from "./store.ts";

/** A chunk whose vector is still to be made. `chunk_key` orders them and is never used twice. */
export interface PendingChunk {
  readonly chunk_key: number;
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly content: string;
  /** Of the text that the vector before was made of. */
  readonly embedding_hash: string;
}

/** A memory whose vector is still to be made. `tenant` is the store's number of it. */
export interface PendingMemory {
  readonly tenant: number;
  readonly agent_id: string;
  readonly memory_id: string;
  readonly content: string;
}

export interface MadeChunk {
  readonly chunk_key: number;
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
  /** Pending chunks behind a key, in the order of keys. */
  chunks(after: number, limit: number): Promise<readonly PendingChunk[]>;
  /** Pending memories behind one, in the order of tenant, agent and id. */
  memories(after: PendingMemory | null, limit: number): Promise<readonly PendingMemory[]>;
  /** When it resolves, the vectors are durable. */
  keep(made: { readonly chunks?: readonly MadeChunk[]; readonly memories?: readonly MadeMemory[] }): Promise<void>;
  /**
   * Copies everything that is stored, with the new vectors, and makes the copy the index in use, at once. With dimensions
   * 0 the copy has no vectors. The index before stays until the next one or until it is discarded.
   *
   * @throws HybridRAGError `conflict` while chunks or memories are pending.
   */
  activate(identity: IndexIdentity): Promise<void>;
  close(): Promise<void>;
}
