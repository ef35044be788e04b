import { compareText } from "../../filter/matches.ts";
import type {
  MemoryHit,
  MemorySearch,
  MemoryStore,
  NewMemory,
  StoredMemory as WholeMemory,
} from "../../ports/memory-store.ts";
import type { RestoreOutcome } from "../../ports/store.ts";
import type { Memory } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { bm25, bodyField } from "./bm25.ts";
import { pageOf, type SortKey } from "./paging.ts";
import { enter, frozen, isoNow, tenantOf, type State, type StoredMemory } from "./state.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { cosine } from "./vectors.ts";

export function memoryMemories(state: State): MemoryStore {
  return {
    async put(scope, memory, options) {
      enter(state, options);
      return put(state, scope, memory);
    },
    async get(scope, agentId, memoryId, options) {
      enter(state, options);
      return live(state, scope, agentId).find(({ memory }) => memory.memory_id === memoryId)?.memory ?? null;
    },
    async list(scope, agentId, request, options) {
      enter(state, options);
      const memories = live(state, scope, agentId)
        .map((stored) => stored.memory)
        .filter((memory) => isWanted(memory, request))
        .toSorted((a, b) => newestFirst(sortKey(a), sortKey(b)));
      return pageOf(memories, request, `memories of ${agentId}`, sortKey, newestFirst);
    },
    async search(scope, agentId, request, options) {
      enter(state, options);
      return search(state, live(state, scope, agentId), request);
    },
    async touch(scope, agentId, memoryIds, options) {
      enter(state, options);
      const accessed_at = isoNow(state);
      for (const stored of live(state, scope, agentId)) {
        const { memory } = stored;
        if (!memoryIds.includes(memory.memory_id)) continue;
        const touched = frozen({ ...memory, access_count: memory.access_count + 1, accessed_at });
        ofAgent(state, scope, agentId).set(memory.memory_id, { ...stored, memory: touched });
      }
    },
    async stored(scope, request, options) {
      enter(state, options);
      const all = [...tenantOf(state, scope).memories.keys()]
        .flatMap((agentId) => live(state, scope, agentId))
        .map(({ memory, vector }) => ({ memory, vector: vector && Float32Array.from(vector) }))
        .toSorted((a, b) => byAgent(agentKey(a), agentKey(b)));
      return pageOf(all, request, "stored memories", agentKey, byAgent);
    },
    async restore(scope, memory, options) {
      enter(state, options);
      return restore(state, scope, memory);
    },
    async delete(scope, agentId, memoryId, options) {
      enter(state, options);
      const isKnown = live(state, scope, agentId).some(({ memory }) => memory.memory_id === memoryId);
      return isKnown && ofAgent(state, scope, agentId).delete(memoryId);
    },
    async count(scope, agentId, options) {
      enter(state, options);
      return live(state, scope, agentId).length;
    },
  };
}

function ofAgent(state: State, scope: Scope, agentId: string): Map<string, StoredMemory> {
  const { memories } = tenantOf(state, scope);
  const known = memories.get(agentId) ?? new Map<string, StoredMemory>();
  memories.set(agentId, known);
  return known;
}

const live = (state: State, scope: Scope, agentId: string): readonly StoredMemory[] =>
  [...ofAgent(state, scope, agentId).values()].filter(
    ({ memory }) => memory.expires_at === null || Date.parse(memory.expires_at) > state.now(),
  );

function put(state: State, scope: Scope, { vector, ...memory }: NewMemory): Memory {
  if (vector) checkVector(vector, state.identity?.dimensions ?? null, "/vector");
  const before = live(state, scope, memory.agent_id).find((stored) => stored.memory.memory_id === memory.memory_id);
  const now = isoNow(state);
  const stored: StoredMemory = {
    memory: frozen({
      memory_id: memory.memory_id,
      agent_id: memory.agent_id,
      type: memory.type,
      content: memory.content,
      importance: memory.importance,
      metadata: memory.metadata,
      valid_from: memory.valid_from ?? null,
      valid_to: memory.valid_to ?? null,
      access_count: before?.memory.access_count ?? 0,
      accessed_at: before?.memory.accessed_at ?? null,
      created_at: before?.memory.created_at ?? now,
      updated_at: now,
      expires_at: memory.expires_at ?? null,
    }),
    vector: vector && Float32Array.from(vector),
    terms: state.analyzer.analyze(memory.content),
  };
  ofAgent(state, scope, memory.agent_id).set(memory.memory_id, stored);
  return stored.memory;
}

function restore(state: State, scope: Scope, { memory, vector }: WholeMemory): RestoreOutcome {
  if (vector) checkVector(vector, state.identity?.dimensions ?? null, "/vector");
  const of = live(state, scope, memory.agent_id);
  const before = of.find((stored) => stored.memory.memory_id === memory.memory_id)?.memory;
  const isKept =
    before !== undefined &&
    (before.updated_at > memory.updated_at ||
      (before.updated_at === memory.updated_at && before.access_count >= memory.access_count));
  if (isKept) return "kept";
  ofAgent(state, scope, memory.agent_id).set(memory.memory_id, {
    memory: frozen(memory),
    vector: vector && Float32Array.from(vector),
    terms: state.analyzer.analyze(memory.content),
  });
  return "restored";
}

/** `valid_from` belongs to the time of validity, `valid_to` does not. */
function isWanted(memory: Memory, { type, validAt }: { readonly type?: string; readonly validAt?: string }): boolean {
  if (type !== undefined && memory.type !== type) return false;
  if (validAt === undefined) return true;
  const at = Date.parse(validAt);
  const hasBegun = memory.valid_from === null || Date.parse(memory.valid_from) <= at;
  return hasBegun && (memory.valid_to === null || Date.parse(memory.valid_to) > at);
}

/** Words are weighed by how rare they are among all the agent's memories. */
function search(state: State, memories: readonly StoredMemory[], request: MemorySearch): readonly MemoryHit[] {
  const { vector, text, limit } = request;
  if (vector) checkVector(vector, state.identity?.dimensions ?? null, "/vector");
  const words = text === null ? [] : [...new Set(state.analyzer.analyze(text))].map((word) => [word]);
  const scores = bm25([{ texts: memories.map((stored) => stored.terms), ...bodyField }], words);
  const hits = memories
    .map((stored, index) => ({
      memory: stored.memory,
      cosine: vector && stored.vector ? cosine(vector, stored.vector) : null,
      bm25: text === null ? null : scores[index]!,
    }))
    .filter(({ memory }) => isWanted(memory, request));
  const best = (score: (hit: MemoryHit) => number | null, least: number) =>
    hits
      .filter((hit) => (score(hit) ?? -Infinity) > least)
      .toSorted((a, b) => score(b)! - score(a)! || compareText(a.memory.memory_id, b.memory.memory_id))
      .slice(0, limit);
  return [...new Set([...best((hit) => hit.cosine, -Infinity), ...best((hit) => hit.bm25, 0)])];
}

const sortKey = (memory: Memory): SortKey => [memory.created_at, memory.memory_id];

const newestFirst = (a: SortKey, b: SortKey): number =>
  compareText(String(b[0]), String(a[0])) || compareText(String(a[1]), String(b[1]));

const agentKey = ({ memory }: WholeMemory): SortKey => [memory.agent_id, memory.memory_id];

const byAgent = (a: SortKey, b: SortKey): number =>
  compareText(String(a[0]), String(b[0])) || compareText(String(a[1]), String(b[1]));
