import { HybridRAGError } from "../../../errors.ts";
import type { DocumentVersion, PutResult, RestoreOutcome, StoredVersion } from "../../../ports/store.ts";
import type { Document, Metadata, NewChunk } from "../../../records.ts";
import { mayRead, type Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import type { CallContext } from "../workers/context.ts";
import { documentColumns, documentTables, vectorBytes, type DocumentRow } from "./document-rows.ts";
import { checkVector } from "../../../ports/check-vector.ts";
import { removeGraph, writeGraph } from "./graph-writes.ts";
import { adoptDimensions } from "./identity.ts";
import { releaseMetadata, retainMetadata } from "./metadata.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

/** Runs inside the writer's transaction: whatever it throws leaves the version before in place. */
export function putDocument({ db, now }: CallContext, scope: Scope, version: DocumentVersion): PutResult {
  const tenant = ensureTenant(db, scope);
  const before = findReplaced(db, tenant, scope, version);
  if (before?.content_hash === version.document.content_hash) {
    return { outcome: "unchanged", version: before.version };
  }
  const at = new Date(now).toISOString();
  const number = (before?.version ?? 0) + 1;
  const created_at = before?.created_at ?? at;
  const history: History = { version: number, status: "indexed", error: null, created_at, updated_at: at };
  replaceVersion(db, { tenant, version, before, history });
  return { outcome: before ? "updated" : "indexed", version: number };
}

/** As `putDocument`, with the number and the dates that the version had elsewhere. */
export function restoreDocument({ db }: CallContext, scope: Scope, version: StoredVersion): RestoreOutcome {
  const tenant = ensureTenant(db, scope);
  const { document } = version;
  const before = findReplaced(db, tenant, scope, version);
  const isEqual = before?.updated_at === document.updated_at && before.content_hash === document.content_hash;
  if (before && (isEqual || before.updated_at > document.updated_at)) return "kept";
  replaceVersion(db, { tenant, version, before, history: document });
  return "restored";
}

export function deleteDocument({ db }: CallContext, scope: Scope, documentId: string): boolean {
  const tenant = tenantOf(db, scope);
  const row = tenant === null ? undefined : findDocument(db, tenant, documentId);
  if (tenant === null || !row || !mayRead(scope, JSON.parse(row.json) as Metadata)) return false;
  removeChunks(db, tenant, row.document_key);
  db.run("DELETE FROM document_texts WHERE document_key = ?", row.document_key);
  db.run("DELETE FROM documents WHERE document_key = ?", row.document_key);
  releaseMetadata(db, row.metadata_id, 1);
  return true;
}

const findDocument = (db: Database, tenant: number, documentId: string): DocumentRow | undefined =>
  db.get<DocumentRow>(
    `SELECT ${documentColumns} FROM ${documentTables} WHERE d.tenant = ? AND d.document_id = ?`,
    tenant,
    documentId,
  );

/** The document that the version replaces. @throws HybridRAGError `forbidden` when the scope may not read it. */
function findReplaced(
  db: Database,
  tenant: number,
  scope: Scope,
  { document: { document_id } }: DocumentVersion,
): DocumentRow | undefined {
  const before = findDocument(db, tenant, document_id);
  if (!before || mayRead(scope, JSON.parse(before.json) as Metadata)) return before;
  throw new HybridRAGError("forbidden", "A document with this id exists that these credentials may not read.", {
    details: { document_id },
  });
}

const invalid = (message: string, path: string): never => {
  throw new HybridRAGError("invalid_input", message, { details: { path } });
};

/** What would make a search lie later is refused now. */
function checkVersion(db: Database, { document, text, chunks, graph }: DocumentVersion): void {
  const ids = new Set<string>();
  chunks.forEach((chunk, index) => {
    const path = `/chunks/${index}`;
    if (ids.has(chunk.chunk_id)) invalid("Two chunks have the same id.", `${path}/chunk_id`);
    ids.add(chunk.chunk_id);
    if (chunk.document_id !== document.document_id) invalid("A chunk names another document.", `${path}/document_id`);
    if (text.slice(chunk.span.start, chunk.span.end) !== chunk.content) {
      invalid("A chunk's content is not what its span says.", `${path}/span`);
    }
    if (chunk.vector) checkVector(chunk.vector, adoptDimensions(db, chunk.vector.length), `${path}/vector`);
  });
  for (const row of [...graph.mentions, ...graph.links, ...graph.assertions]) {
    if (!ids.has(row.chunk_id)) invalid("The graph names a chunk that is not part of this version.", "/graph");
  }
}

type History = Pick<Document, "version" | "status" | "error" | "created_at" | "updated_at">;

interface DocumentWrite {
  readonly tenant: number;
  readonly version: DocumentVersion;
  readonly before: DocumentRow | undefined;
  readonly history: History;
}

function replaceVersion(db: Database, write: DocumentWrite): void {
  const { tenant, version, before } = write;
  checkVersion(db, version);
  if (before) removeChunks(db, tenant, before.document_key);
  const documentKey = writeDocument(db, write);
  if (before) releaseMetadata(db, before.metadata_id, 1);
  const keys = writeChunks(db, { tenant, documentKey, owner: version.document.metadata }, version.chunks);
  writeGraph(db, { tenant, documentId: version.document.document_id, keys }, version.graph);
}

function writeDocument(db: Database, { tenant, version, before, history }: DocumentWrite): number {
  const { document, text, chunks } = version;
  const metadataId = retainMetadata(db, tenant, document.metadata, document.metadata);
  const { key } = db.run(
    `INSERT INTO documents (tenant, document_id, title, source, mime, content_hash, metadata_id, version, status,
       chunks, characters, error, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant, document_id) DO UPDATE SET title = excluded.title, source = excluded.source,
       mime = excluded.mime, content_hash = excluded.content_hash, metadata_id = excluded.metadata_id,
       version = excluded.version, status = excluded.status, chunks = excluded.chunks,
       characters = excluded.characters, error = excluded.error, created_at = excluded.created_at,
       updated_at = excluded.updated_at`,
    tenant,
    document.document_id,
    document.title,
    document.source,
    document.mime,
    document.content_hash,
    metadataId,
    history.version,
    history.status,
    chunks.length,
    text.length,
    history.error,
    history.created_at,
    history.updated_at,
  );
  const documentKey = before?.document_key ?? key;
  db.run("INSERT OR REPLACE INTO document_texts (document_key, text) VALUES (?, ?)", documentKey, text);
  return documentKey;
}

interface ChunkPlace {
  readonly tenant: number;
  readonly documentKey: number;
  /** The document's metadata. */
  readonly owner: Metadata;
}

const writeChunks = (db: Database, place: ChunkPlace, chunks: readonly NewChunk[]): ReadonlyMap<string, number> =>
  new Map(chunks.map((chunk) => [chunk.chunk_id, writeChunk(db, place, chunk)]));

function writeChunk(db: Database, { tenant, documentKey, owner }: ChunkPlace, chunk: NewChunk): number {
  const taken = db.get("SELECT 1 FROM chunks WHERE tenant = ? AND chunk_id = ?", tenant, chunk.chunk_id);
  if (taken) {
    throw new HybridRAGError("conflict", "Another document of this tenant has a chunk with the same id.", {
      details: { chunk_id: chunk.chunk_id },
    });
  }
  const { key } = db.run(
    `INSERT INTO chunks (tenant, document_key, chunk_id, ordinal, title, source, content, span_start, span_end,
       span_page, heading_path, token_count, metadata_id, embedding_hash, vector)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    tenant,
    documentKey,
    chunk.chunk_id,
    chunk.ordinal,
    chunk.title,
    chunk.source,
    chunk.content,
    chunk.span.start,
    chunk.span.end,
    chunk.span.page,
    JSON.stringify(chunk.heading_path),
    chunk.token_count,
    retainMetadata(db, tenant, chunk.metadata, owner),
    chunk.embedding_hash,
    vectorBytes(chunk.vector),
  );
  db.run("INSERT INTO change_log (tenant, chunk_key, added) VALUES (?, ?, 1)", tenant, key);
  return key;
}

/** Everything that hangs on the document's chunks goes with them, in the same transaction. */
function removeChunks(db: Database, tenant: number, documentKey: number): void {
  removeGraph(db, tenant, documentKey);
  db.run(
    `INSERT INTO change_log (tenant, chunk_key, added)
     SELECT ?, chunk_key, 0 FROM chunks WHERE document_key = ? ORDER BY chunk_key`,
    tenant,
    documentKey,
  );
  const used = db.all<{ metadata_id: number; uses: number }>(
    "SELECT metadata_id, count(*) AS uses FROM chunks WHERE document_key = ? GROUP BY metadata_id",
    documentKey,
  );
  db.run("DELETE FROM chunks WHERE document_key = ?", documentKey);
  for (const { metadata_id, uses } of used) releaseMetadata(db, metadata_id, uses);
}
