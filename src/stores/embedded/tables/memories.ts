import type { MemoryHit, MemorySearch, NewMemory } from "../../../ports/memory-store.ts";
import type { Page, PageRequest } from "../../../ports/store.ts";
import { compareText } from "../../../filter/matches.ts";
import type { Memory, Metadata } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import type { Analyzer } from "../../../text/analyze.ts";
import type { Database } from "../sqlite/database.ts";
import { contentWeights, scoreTexts } from "../text/score-texts.ts";
import { checkVector } from "../../../ports/check-vector.ts";
import { cosine } from "../vector/cosine.ts";
import type { CallContext } from "../workers/context.ts";
import { storedVector, vectorBytes } from "./document-rows.ts";
import { adoptDimensions, readDimensions } from "./identity.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

export interface MemoryRow extends Omit<Memory, "metadata" | "accessed_at" | "created_at" | "updated_at"> {
  readonly metadata: string;
  readonly accessed_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export const columns =
  "memory_id, agent_id, type, content, importance, metadata, valid_from, valid_to, access_count, accessed_at, " +
  "created_at, updated_at, expires_at";

const iso = (ms: number): string => new Date(ms).toISOString();

export const toMemory = (row: MemoryRow): Memory => ({
  memory_id: row.memory_id,
  agent_id: row.agent_id,
  type: row.type,
  content: row.content,
  importance: row.importance,
  metadata: JSON.parse(row.metadata) as Metadata,
  valid_from: row.valid_from,
  valid_to: row.valid_to,
  access_count: row.access_count,
  accessed_at: row.accessed_at === null ? null : iso(row.accessed_at),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
  expires_at: row.expires_at,
});

const live = "tenant = ? AND agent_id = ? AND (expires_ms IS NULL OR expires_ms > ?)";

export function putMemory(context: CallContext, scope: Scope, memory: NewMemory): Memory {
  const { db, now } = context;
  if (memory.vector) checkVector(memory.vector, adoptDimensions(db, memory.vector.length), "/vector");
  const tenant = ensureTenant(db, scope);
  const { agent_id, memory_id, expires_at = null } = memory;
  removeExpired(db, tenant, memory, now);
  db.run(
    `INSERT INTO agent_memory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET type = excluded.type, content = excluded.content, importance = excluded.importance,
       metadata = excluded.metadata, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
       updated_at = excluded.updated_at, expires_at = excluded.expires_at, expires_ms = excluded.expires_ms,
       vector = excluded.vector`,
    tenant,
    agent_id,
    memory_id,
    memory.type,
    memory.content,
    memory.importance,
    JSON.stringify(memory.metadata),
    memory.valid_from ?? null,
    memory.valid_to ?? null,
    now,
    now,
    expires_at,
    expires_at === null ? null : Date.parse(expires_at),
    vectorBytes(memory.vector),
  );
  return toMemory(findMemory(db, tenant, memory)!);
}

export type MemoryId = Pick<Memory, "agent_id" | "memory_id">;

export const findMemory = (db: Database, tenant: number, { agent_id, memory_id }: MemoryId): MemoryRow | undefined =>
  db.get<MemoryRow>(
    `SELECT ${columns} FROM agent_memory WHERE tenant = ? AND agent_id = ? AND memory_id = ?`,
    tenant,
    agent_id,
    memory_id,
  );

/** An expired memory of the same id is not there: it must not hand on its counts. */
export function removeExpired(db: Database, tenant: number, { agent_id, memory_id }: MemoryId, now: number): void {
  db.run(
    "DELETE FROM agent_memory WHERE tenant = ? AND agent_id = ? AND memory_id = ? AND expires_ms <= ?",
    tenant,
    agent_id,
    memory_id,
    now,
  );
}

export function getMemory({ db, now }: CallContext, scope: Scope, agentId: string, memoryId: string): Memory | null {
  const sql = `SELECT ${columns} FROM agent_memory WHERE ${live} AND memory_id = ?`;
  const row = db.get<MemoryRow>(sql, tenantOf(db, scope), agentId, now, memoryId);
  return row ? toMemory(row) : null;
}

interface Wanted {
  readonly type?: string;
  readonly validAt?: string;
}

/** `valid_from` belongs to the time of validity, `valid_to` does not. */
function isWanted(memory: Memory, { type, validAt }: Wanted): boolean {
  if (type !== undefined && memory.type !== type) return false;
  if (validAt === undefined) return true;
  const at = Date.parse(validAt);
  const hasBegun = memory.valid_from === null || Date.parse(memory.valid_from) <= at;
  return hasBegun && (memory.valid_to === null || Date.parse(memory.valid_to) > at);
}

export function listMemories(
  { db, now }: CallContext,
  scope: Scope,
  agentId: string,
  request: PageRequest & Wanted,
): Page<Memory> {
  const limit = checkedLimit(request.limit);
  const [created, id] = decodeCursor<[string, string]>(request.cursor, ["string", "string"]) ?? ["+275760-09-13", ""];
  const found: Memory[] = [];
  const walk = db.each<MemoryRow>(
    `SELECT ${columns} FROM agent_memory WHERE tenant = ?1 AND agent_id = ?2 AND (expires_ms IS NULL OR expires_ms > ?3)
     AND (created_at < ?4 OR (created_at = ?4 AND memory_id > ?5)) ORDER BY created_at DESC, memory_id`,
    tenantOf(db, scope),
    agentId,
    now,
    Date.parse(created),
    id,
  );
  for (const row of walk) {
    const memory = toMemory(row);
    if (isWanted(memory, request)) found.push(memory);
    if (found.length > limit) break;
  }
  return pageOf(
    found,
    limit,
    (memory) => memory,
    (memory) => [memory.created_at, memory.memory_id],
  );
}

/** Compares the question with every memory of the agent: there are few, and all of them count. */
export function searchMemories(
  { db, now, analyzer }: CallContext & { readonly analyzer: Analyzer },
  scope: Scope,
  agentId: string,
  request: MemorySearch,
): readonly MemoryHit[] {
  const { vector, text } = request;
  const limit = checkedLimit(request.limit);
  if (vector) checkVector(vector, readDimensions(db), "/vector");
  const rows = db.all<MemoryRow & { vector: Uint8Array | null }>(
    `SELECT ${columns}, vector FROM agent_memory WHERE ${live}`,
    tenantOf(db, scope),
    agentId,
    now,
  );
  const words = text === null ? [] : analyzer.analyze(text);
  const bm25 = scoreTexts(
    rows.map((row) => analyzer.analyze(row.content)),
    words,
    contentWeights,
  );
  const hits = rows
    .map((row, index): MemoryHit => {
      const stored = row.vector && storedVector(row.vector);
      return {
        memory: toMemory(row),
        cosine: vector && stored ? cosine(vector, stored) : null,
        bm25: text === null ? null : bm25[index]!,
      };
    })
    .filter(({ memory }) => isWanted(memory, request));
  return [...new Set([...best(hits, (hit) => hit.cosine, limit), ...best(hits, (hit) => hit.bm25 || null, limit)])];
}

const best = (
  hits: readonly MemoryHit[],
  score: (hit: MemoryHit) => number | null,
  limit: number,
): readonly MemoryHit[] =>
  hits
    .filter((hit) => score(hit) !== null)
    .toSorted((a, b) => score(b)! - score(a)! || compareText(a.memory.memory_id, b.memory.memory_id))
    .slice(0, limit);

export function touchMemories(
  { db, now }: CallContext,
  scope: Scope,
  agentId: string,
  memoryIds: readonly string[],
): void {
  db.run(
    `UPDATE agent_memory SET access_count = access_count + 1, accessed_at = ?
     WHERE ${live} AND memory_id IN (SELECT value FROM json_each(?))`,
    now,
    tenantOf(db, scope),
    agentId,
    now,
    JSON.stringify(memoryIds),
  );
}

export function deleteMemory({ db, now }: CallContext, scope: Scope, agentId: string, memoryId: string): boolean {
  const sql = `DELETE FROM agent_memory WHERE ${live} AND memory_id = ?`;
  return db.run(sql, tenantOf(db, scope), agentId, now, memoryId).changes > 0;
}

export function countMemories({ db, now }: CallContext, scope: Scope, agentId: string): number {
  const sql = `SELECT count(*) AS rows FROM agent_memory WHERE ${live}`;
  return db.get<{ rows: number }>(sql, tenantOf(db, scope), agentId, now)!.rows;
}

export function sweepMemories({ db, now }: CallContext): void {
  db.run("DELETE FROM agent_memory WHERE expires_ms <= ?", now);
}
