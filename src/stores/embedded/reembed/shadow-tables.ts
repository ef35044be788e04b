import type { MadeChunk, MadeMemory, PendingChunk, PendingMemory, ShadowCounts } from "../../../ports/shadow-index.ts";
import type { Database } from "../sqlite/database.ts";
import { vectorBytes } from "../tables/document-rows.ts";

/**
 * New vectors, by the rows of the database in use, which is attached as `live`. A chunk's row never changes and its key
 * is never used twice; its id is a hash of its text, so that vectors of another history are not taken for its own.
 */
const tables = `
CREATE TABLE IF NOT EXISTS chunk_vectors (
  chunk_key INTEGER PRIMARY KEY, chunk_id TEXT NOT NULL, embedding_hash TEXT NOT NULL, is_cut INTEGER NOT NULL,
  vector BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS memory_vectors (
  tenant INTEGER NOT NULL, agent_id TEXT NOT NULL, memory_id TEXT NOT NULL, content TEXT NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY (tenant, agent_id, memory_id)
) WITHOUT ROWID;
`;

export function prepareShadow(db: Database, livePath: string): void {
  db.execute(tables);
  db.run("ATTACH ? AS live", livePath);
}

/** What is blank to an embedder, which refuses a text of nothing else. */
const blanks = "char(9, 10, 11, 12, 13, 32, 160, 8232, 8233, 12288, 65279)";
const pendingChunks = `live.chunks c LEFT JOIN chunk_vectors v ON v.chunk_key = c.chunk_key AND v.chunk_id = c.chunk_id
  WHERE v.chunk_key IS NULL`;
const pendingMemories = `live.agent_memory m LEFT JOIN memory_vectors v ON v.tenant = m.tenant AND v.agent_id = m.agent_id
    AND v.memory_id = m.memory_id AND v.content = m.content
  WHERE v.tenant IS NULL AND trim(m.content, ${blanks}) <> ''`;

export function countShadow(db: Database): ShadowCounts {
  const count = (of: string): number => db.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${of}`)!.rows;
  return {
    chunks: count("live.chunks"),
    memories: count("live.agent_memory"),
    pending: count(pendingChunks) + count(pendingMemories),
    cut: count("live.chunks c JOIN chunk_vectors v USING (chunk_key, chunk_id) WHERE v.is_cut = 1"),
  };
}

export const listPendingChunks = (db: Database, after: number, limit: number): readonly PendingChunk[] =>
  db
    .all<Omit<PendingChunk, "heading_path"> & { readonly heading_path: string }>(
      `SELECT c.chunk_key, c.title, c.heading_path, c.content, c.embedding_hash FROM ${pendingChunks} AND c.chunk_key > ?
       ORDER BY c.chunk_key LIMIT ?`,
      after,
      limit,
    )
    .map((row) => ({ ...row, heading_path: JSON.parse(row.heading_path) as readonly string[] }));

export const listPendingMemories = (
  db: Database,
  after: PendingMemory | null,
  limit: number,
): readonly PendingMemory[] =>
  db.all<PendingMemory>(
    `SELECT m.tenant, m.agent_id, m.memory_id, m.content FROM ${pendingMemories}
     AND (m.tenant, m.agent_id, m.memory_id) > (?, ?, ?) ORDER BY m.tenant, m.agent_id, m.memory_id LIMIT ?`,
    after?.tenant ?? 0,
    after?.agent_id ?? "",
    after?.memory_id ?? "",
    limit,
  );

export function keepVectors(db: Database, chunks: readonly MadeChunk[], memories: readonly MadeMemory[]): void {
  db.transaction("write", () => {
    for (const { chunk_key, embedding_hash, isCut, vector } of chunks) {
      db.run(
        `INSERT OR REPLACE INTO chunk_vectors
         SELECT chunk_key, chunk_id, ?, ?, ? FROM live.chunks WHERE chunk_key = ?`,
        embedding_hash,
        Number(isCut),
        vectorBytes(vector),
        chunk_key,
      );
    }
    for (const { memory, vector } of memories) {
      db.run(
        "INSERT OR REPLACE INTO memory_vectors VALUES (?, ?, ?, ?, ?)",
        memory.tenant,
        memory.agent_id,
        memory.memory_id,
        memory.content,
        vectorBytes(vector),
      );
    }
  });
}
