import type { StoredMemory } from "../../../ports/memory-store.ts";
import type { Page, PageRequest, RestoreOutcome } from "../../../ports/store.ts";
import type { Scope } from "../../../scope.ts";
import { checkVector } from "../../../ports/check-vector.ts";
import type { CallContext } from "../workers/context.ts";
import { storedVector, vectorBytes } from "./document-rows.ts";
import { adoptDimensions } from "./identity.ts";
import { columns, findMemory, removeExpired, toMemory, type MemoryRow } from "./memories.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

/** Memories of all agents, with their vectors. */
export function storedMemories({ db, now }: CallContext, scope: Scope, request: PageRequest): Page<StoredMemory> {
  const limit = checkedLimit(request.limit);
  const [agentId, memoryId] = decodeCursor<[string, string]>(request.cursor, ["string", "string"]) ?? ["", ""];
  const rows = db.all<MemoryRow & { readonly vector: Uint8Array | null }>(
    `SELECT ${columns}, vector FROM agent_memory
     WHERE tenant = ? AND (agent_id, memory_id) > (?, ?) AND (expires_ms IS NULL OR expires_ms > ?)
     ORDER BY agent_id, memory_id LIMIT ?`,
    tenantOf(db, scope),
    agentId,
    memoryId,
    now,
    limit + 1,
  );
  return pageOf(
    rows,
    limit,
    (row) => ({ memory: toMemory(row), vector: row.vector && storedVector(row.vector) }),
    (row) => [row.agent_id, row.memory_id],
  );
}

export function restoreMemory(
  { db, now }: CallContext,
  scope: Scope,
  { memory, vector }: StoredMemory,
): RestoreOutcome {
  if (vector) checkVector(vector, adoptDimensions(db, vector.length), "/vector");
  const tenant = ensureTenant(db, scope);
  removeExpired(db, tenant, memory, now);
  const before = findMemory(db, tenant, memory);
  const updated = Date.parse(memory.updated_at);
  const isAsNew = before?.updated_at === updated && before.access_count >= memory.access_count;
  if (before && (isAsNew || before.updated_at > updated)) return "kept";
  db.run(
    "INSERT OR REPLACE INTO agent_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tenant,
    memory.agent_id,
    memory.memory_id,
    memory.type,
    memory.content,
    memory.importance,
    JSON.stringify(memory.metadata),
    memory.valid_from,
    memory.valid_to,
    memory.access_count,
    memory.accessed_at === null ? null : Date.parse(memory.accessed_at),
    Date.parse(memory.created_at),
    updated,
    memory.expires_at,
    memory.expires_at === null ? null : Date.parse(memory.expires_at),
    vectorBytes(vector),
  );
  return "restored";
}
