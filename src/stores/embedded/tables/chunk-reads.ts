import type { Chunk } from "../../../records.ts";
import { mayRead, type Scope } from "../../../scope.ts";
import { allowedRows, rowTest } from "../filter/allowed.ts";
import type { Database } from "../sqlite/database.ts";
import type { ReadContext } from "../workers/context.ts";
import { readableDocument } from "./document-reads.ts";
import { chunkColumns, chunkTables, storedVector, toChunk, type ChunkRow } from "./document-rows.ts";
import { tenantOf } from "./tenants.ts";

type GuardedRow = ChunkRow & { readonly metadata_id: number };

const guardedColumns = `${chunkColumns}, c.metadata_id`;

/** Leaves out what the scope may not read. */
export function readable<Row extends { readonly metadata_id: number }>(
  db: Database,
  scope: Scope,
  rows: readonly Row[],
): Row[] {
  const tenant = rows.length === 0 ? null : tenantOf(db, scope);
  if (tenant === null) return [];
  const test = rowTest(allowedRows(db, tenant, scope, null));
  return rows.filter((row) => test(row.metadata_id, 0));
}

export function getChunks({ db }: ReadContext, scope: Scope, chunkIds: readonly string[]): readonly Chunk[] {
  const rows = db.all<ChunkRow>(
    `SELECT ${chunkColumns} FROM ${chunkTables}
     WHERE c.tenant = ? AND c.chunk_id IN (SELECT value FROM json_each(?))`,
    tenantOf(db, scope),
    JSON.stringify(chunkIds),
  );
  // Few are read, and with their metadata: asking those is faster than finding out all that may be read.
  const chunks = rows.map(toChunk).filter(({ metadata }) => mayRead(scope, metadata));
  const byId = new Map(chunks.map((chunk) => [chunk.chunk_id, chunk]));
  return chunkIds.flatMap((id) => byId.get(id) ?? []);
}

export function chunksOfDocument({ db }: ReadContext, scope: Scope, documentId: string): readonly Chunk[] {
  const document = readableDocument(db, scope, documentId);
  if (!document) return [];
  const rows = db.all<GuardedRow>(
    `SELECT ${guardedColumns} FROM ${chunkTables} WHERE c.document_key = ? ORDER BY c.ordinal, c.chunk_key`,
    document.document_key,
  );
  return readable(db, scope, rows).map(toChunk);
}

/** Chunks are numbered from 0. */
export function openingChunks(
  { db }: ReadContext,
  scope: Scope,
  documentIds: readonly string[],
  count: number,
): readonly Chunk[] {
  const rows = db.all<ChunkRow>(
    `SELECT ${chunkColumns} FROM ${chunkTables}
     WHERE d.tenant = ? AND d.document_id IN (SELECT value FROM json_each(?)) AND c.ordinal < ?
     ORDER BY c.document_key, c.ordinal`,
    tenantOf(db, scope),
    JSON.stringify(documentIds),
    count,
  );
  return rows.map(toChunk).filter(({ metadata }) => mayRead(scope, metadata));
}

export function chunkVectors(
  { db, transfer }: ReadContext,
  scope: Scope,
  documentId: string,
): ReadonlyMap<string, Float32Array> {
  const document = readableDocument(db, scope, documentId);
  if (!document) return new Map();
  const rows = db.all<{ metadata_id: number; embedding_hash: string; vector: Uint8Array }>(
    "SELECT metadata_id, embedding_hash, vector FROM chunks WHERE document_key = ? AND vector IS NOT NULL",
    document.document_key,
  );
  const vectors = new Map(readable(db, scope, rows).map((row) => [row.embedding_hash, storedVector(row.vector)]));
  for (const vector of vectors.values()) transfer.push(vector.buffer as ArrayBuffer);
  return vectors;
}
