import type { Memory } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest, RestoreOutcome } from "./store.ts";

/** What agents remember beyond a conversation. An expired memory is not returned, even before it is removed. */
export interface MemoryStore {
  /** Adds, or replaces the memory with the same id. Counts and dates of access start anew only for a new id. */
  put(scope: Scope, memory: NewMemory, options?: CallOptions): Promise<Memory>;
  get(scope: Scope, agentId: string, memoryId: string, options?: CallOptions): Promise<Memory | null>;
  /** Newest first. */
  list(
    scope: Scope,
    agentId: string,
    request: PageRequest & { readonly type?: string; readonly validAt?: string },
    options?: CallOptions,
  ): Promise<Page<Memory>>;
  /** Both scores for every memory of the agent that is among the best of a leg. */
  search(scope: Scope, agentId: string, request: MemorySearch, options?: CallOptions): Promise<readonly MemoryHit[]>;
  /** Counts one access for each. */
  touch(scope: Scope, agentId: string, memoryIds: readonly string[], options?: CallOptions): Promise<void>;
  /** Memories of all agents with their vectors, ordered by `agent_id` and `memory_id`, by code point. */
  stored(scope: Scope, request: PageRequest, options?: CallOptions): Promise<Page<StoredMemory>>;
  /**
   * Puts a memory as another store had it, with its dates and counts. A live one with a later `updated_at`, or with the
   * same and as many accesses, is kept.
   */
  restore(scope: Scope, memory: StoredMemory, options?: CallOptions): Promise<RestoreOutcome>;
  delete(scope: Scope, agentId: string, memoryId: string, options?: CallOptions): Promise<boolean>;
  count(scope: Scope, agentId: string, options?: CallOptions): Promise<number>;
}

export type NewMemory = Pick<Memory, "memory_id" | "agent_id" | "type" | "content" | "importance" | "metadata"> &
  Partial<Pick<Memory, "valid_from" | "valid_to" | "expires_at">> & { readonly vector: Float32Array | null };

export interface StoredMemory {
  readonly memory: Memory;
  readonly vector: Float32Array | null;
}

export interface MemorySearch {
  readonly vector: Float32Array | null;
  readonly text: string | null;
  readonly limit: number;
  readonly type?: string;
  /** Only memories valid at this instant: from `valid_from` on, before `valid_to`. */
  readonly validAt?: string;
}

export interface MemoryHit {
  readonly memory: Memory;
  readonly cosine: number | null;
  readonly bm25: number | null;
}
