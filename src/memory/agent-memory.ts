import { randomUUID } from "node:crypto";
import { HybridRAGError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { MemoryHit, MemoryStore } from "../ports/memory-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Memory, Metadata } from "../records.ts";
import { mayRead, type Scope } from "../scope.ts";

/** What an agent is to remember. */
export interface NewRecollection {
  /** A memory of the same id is replaced; a new id when absent. */
  readonly memory_id?: string | undefined;
  readonly type: string;
  readonly content: string;
  /** 0 to 1. */
  readonly importance: number;
  readonly metadata: Metadata;
  readonly valid_from?: string | null | undefined;
  readonly valid_to?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
}

export interface RecallRequest {
  readonly query: string;
  readonly limit: number;
  readonly type?: string | undefined;
  /** An instant; now when absent. Memories that are not valid then are left out. */
  readonly validAt?: string | undefined;
}

export interface Recollection extends Memory {
  /** 0 to 3: the sum of the three below, each 0 to 1. */
  readonly score: number;
  readonly parts: { readonly relevance: number; readonly recency: number; readonly importance: number };
}

/** Long-term memory of agents, beside conversations. */
export interface AgentMemory {
  remember(scope: Scope, agentId: string, memory: NewRecollection, options?: CallOptions): Promise<Memory>;
  /** Best first; what is returned counts as accessed. */
  recall(
    scope: Scope,
    agentId: string,
    request: RecallRequest,
    options?: CallOptions,
  ): Promise<readonly Recollection[]>;
}

export interface AgentMemoryParts {
  readonly memories: MemoryStore;
  readonly embedder: Embedder | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A memory keeps this share of its recency each hour after it was last of use (Park et al. 2023, section 4.1). */
const recencyPerHour = 0.995;
const hourMs = 3_600_000;

export function agentMemory({ memories, embedder, now }: AgentMemoryParts): AgentMemory {
  const embed = async (text: string, kind: "query" | "document", options?: CallOptions) =>
    embedder === null ? null : (await embedder.embed([text], { kind, ...options })).vectors[0]!;

  return {
    remember: async (scope, agentId, memory, options) => {
      if (memory.content.trim() === "") {
        throw new HybridRAGError("invalid_input", "A memory without words cannot be found again.", {
          details: { path: "/content" },
        });
      }
      const { memory_id = randomUUID(), valid_from, valid_to, expires_at, ...rest } = memory;
      const times = { valid_from: valid_from ?? null, valid_to: valid_to ?? null, expires_at: expires_at ?? null };
      const vector = await embed(memory.content, "document", options);
      return memories.put(scope, { ...rest, ...times, memory_id, agent_id: agentId, vector }, options);
    },
    recall: async (scope, agentId, { query, limit, type, validAt }, options) => {
      const at = validAt ?? new Date(now()).toISOString();
      const request = {
        vector: await embed(query, "query", options),
        text: query,
        limit: Math.max(50, limit * 4),
        validAt: at,
        ...(type === undefined ? {} : { type }),
      };
      const hits = await memories.search(scope, agentId, request, options);
      const found = weighed(
        hits.filter(({ memory }) => mayRead(scope, memory.metadata)),
        now(),
      ).slice(0, limit);
      const ids = found.map((memory) => memory.memory_id);
      if (ids.length > 0) await memories.touch(scope, agentId, ids, options);
      return found;
    },
  };
}

/** Relevance is the cosine, or what the words give where there is none, between the least and most relevant found. */
function weighed(hits: readonly MemoryHit[], now: number): readonly Recollection[] {
  const relevances = unit(hits.map(({ cosine, bm25 }) => (cosine ?? 0) + Math.tanh((bm25 ?? 0) / 10)));
  return hits
    .map(({ memory }, index) => {
      const touched = Date.parse(memory.accessed_at ?? memory.updated_at);
      const recency = recencyPerHour ** Math.max(0, (now - touched) / hourMs);
      const parts = { relevance: relevances[index]!, recency, importance: memory.importance };
      return { ...memory, score: parts.relevance + parts.recency + parts.importance, parts };
    })
    .toSorted((a, b) => b.score - a.score || (a.memory_id < b.memory_id ? -1 : 1));
}

/** Stretched over 0 to 1; equal ones are all 1. */
function unit(values: readonly number[]): readonly number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (most > least ? (value - least) / (most - least) : 1));
}
