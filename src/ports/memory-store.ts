import type { Memory } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest } from "./store.ts";

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
  delete(scope: Scope, agentId: string, memoryId: string, options?: CallOptions): Promise<boolean>;
  count(scope: Scope, agentId: string, options?: CallOptions): Promise<number>;
}

export type NewMemory = Pick<Memory, "memory_id" | "agent_id" | "type" | "content" | "importance" | "metadata"> &
  Partial<Pick<Memory, "valid_from" | "valid_to" | "expires_at">> & { readonly vector: Float32Array | null };

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
