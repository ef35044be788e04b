import type { Filter } from "../../../filter/filter.ts";
import { matches } from "../../../filter/matches.ts";
import type { Page, PageRequest } from "../../../ports/store.ts";
import type { Document, Metadata } from "../../../records.ts";
import { mayRead, type Scope } from "../../../scope.ts";
import { allowedRows, rowTest } from "../filter/allowed.ts";
import type { Database } from "../sqlite/database.ts";
import { allowedSlots } from "../search/allowed-slots.ts";
import type { CallContext, ReadContext } from "../workers/context.ts";
import { documentColumns, documentTables, toDocument, type DocumentRow } from "./document-rows.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { tenantOf } from "./tenants.ts";

export function getDocument({ db }: CallContext, scope: Scope, documentId: string): Document | null {
  const row = readableDocument(db, scope, documentId);
  return row ? toDocument(row) : null;
}

export function documentText({ db }: CallContext, scope: Scope, documentId: string): string | null {
  const row = readableDocument(db, scope, documentId);
  if (!row) return null;
  return db.get<{ text: string }>("SELECT text FROM document_texts WHERE document_key = ?", row.document_key)!.text;
}

/** The row, unless it does not exist or the caller may not read it. */
export function readableDocument(db: Database, scope: Scope, documentId: string): DocumentRow | null {
  const tenant = tenantOf(db, scope);
  if (tenant === null) return null;
  const row = db.get<DocumentRow>(
    `SELECT ${documentColumns} FROM ${documentTables} WHERE d.tenant = ? AND d.document_id = ?`,
    tenant,
    documentId,
  );
  return row && mayRead(scope, JSON.parse(row.json) as Metadata) ? row : null;
}

type ListRequest = PageRequest & { readonly filter?: Filter | null; readonly sourcePrefix?: string };

/** Walks the documents in order and stops when the page is full. */
export function listDocuments({ db }: CallContext, scope: Scope, request: ListRequest): Page<Document> {
  const limit = checkedLimit(request.limit);
  const [after = ""] = decodeCursor<[string]>(request.cursor, ["string"]) ?? [];
  const tenant = tenantOf(db, scope);
  if (tenant === null) return { items: [], next: null };
  const rows: Document[] = [];
  const walk = db.each<DocumentRow>(
    `SELECT ${documentColumns} FROM ${documentTables} WHERE d.tenant = ? AND d.document_id > ? ORDER BY d.document_id`,
    tenant,
    after,
  );
  for (const row of walk) {
    if (!row.source.startsWith(request.sourcePrefix ?? "")) continue;
    const document = toDocument(row);
    if (!mayRead(scope, document.metadata)) continue;
    if (request.filter && !matches(request.filter, document)) continue;
    rows.push(document);
    if (rows.length > limit) break;
  }
  return pageOf(
    rows,
    limit,
    (document) => document,
    (document) => [document.document_id],
  );
}

export interface DocumentCounts {
  readonly documents: number;
  readonly chunks: number;
}

export function countDocuments({ db, indexes }: ReadContext, scope: Scope): DocumentCounts {
  const tenant = tenantOf(db, scope);
  if (tenant === null) return { documents: 0, chunks: 0 };
  const allowed = allowedRows(db, tenant, scope, null);
  if (allowed.of === "all") return { documents: rowsIn(db, "documents", tenant), chunks: rowsIn(db, "chunks", tenant) };
  const isReadable = rowTest(allowed);
  const groups = db.all<{ metadata_id: number; rows: number }>(
    "SELECT metadata_id, count(*) AS rows FROM documents WHERE tenant = ? GROUP BY metadata_id",
    tenant,
  );
  const readable = groups.filter((group) => isReadable(group.metadata_id, 0));
  return {
    documents: readable.reduce((sum, group) => sum + group.rows, 0),
    chunks: allowedSlots(db, indexes.of(db, tenant), allowed).count,
  };
}

const rowsIn = (db: Database, table: "documents" | "chunks", tenant: number): number =>
  db.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${table} WHERE tenant = ?`, tenant)!.rows;
