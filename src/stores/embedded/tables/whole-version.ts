import type { StoredVersion } from "../../../ports/store.ts";
import type { Assertion, DocumentGraph, Mention, NewChunk, PassageLink } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import type { ReadContext } from "../workers/context.ts";
import { readable } from "./chunk-reads.ts";
import { documentText, readableDocument } from "./document-reads.ts";
import { chunkColumns, chunkTables, storedVector, toChunk, toDocument, type ChunkRow } from "./document-rows.ts";

type WholeRow = ChunkRow & {
  readonly metadata_id: number;
  readonly embedding_hash: string;
  readonly vector: Uint8Array | null;
};

/** The version as `put` took it, out of one read transaction. */
export function wholeVersion(context: ReadContext, scope: Scope, documentId: string): StoredVersion | null {
  const { db, transfer } = context;
  const document = readableDocument(db, scope, documentId);
  if (!document) return null;
  const rows = db.all<WholeRow>(
    `SELECT ${chunkColumns}, c.metadata_id, c.embedding_hash, c.vector FROM ${chunkTables}
     WHERE c.document_key = ? ORDER BY c.ordinal, c.chunk_key`,
    document.document_key,
  );
  const seen = readable(db, scope, rows);
  const chunks = seen.map((row): NewChunk => {
    const vector = row.vector && storedVector(row.vector);
    if (vector) transfer.push(vector.buffer as ArrayBuffer);
    return { ...toChunk(row), vector, embedding_hash: row.embedding_hash };
  });
  return {
    document: toDocument(document),
    text: documentText(context, scope, documentId)!,
    chunks,
    graph: graphOf(db, document.document_key, new Set(chunks.map((chunk) => chunk.chunk_id))),
  };
}

/** Rows in the order of their chunks, those of one chunk as they were put; what was extracted, whatever edits say. */
function graphOf(db: Database, documentKey: number, chunkIds: ReadonlySet<string>): DocumentGraph {
  const rowsOf = <Row extends { readonly chunk_id: string }>(table: string, columns: string): readonly Row[] =>
    db
      .all<Row>(
        `SELECT c.chunk_id, ${columns} FROM chunks c JOIN ${table} g USING (chunk_key)
         WHERE c.document_key = ? ORDER BY c.ordinal, c.chunk_key, g.rowid`,
        documentKey,
      )
      .filter((row) => chunkIds.has(row.chunk_id))
      .map((row) => ({ ...row }));
  return {
    mentions: rowsOf<Mention>(
      "mentions",
      'coalesce(g.said, g.entity) AS entity, g.name, g.kind, g.type, g."start", g."end"',
    ),
    links: rowsOf<PassageLink>("passage_links", 'g.kind, g.target, g."start", g."end"'),
    assertions: rowsOf<Assertion>(
      "assertions",
      `coalesce(g.said_source, g.source_entity) AS source_entity,
       coalesce(g.said_target, g.target_entity) AS target_entity, g.type, g.description, g.weight, g.confidence`,
    ),
  };
}
