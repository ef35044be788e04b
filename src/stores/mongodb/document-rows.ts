import type { ClientSession } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { DocumentVersion, PutResult, StoredVersion } from "../../ports/store.ts";
import type { Document } from "../../records.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { metadataOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { identifierOf } from "./stored-metadata.ts";

/** A document as `documents` keeps it. `batch` names the version whose chunks and text are seen. */
export interface DocumentRow extends Omit<Document, "metadata"> {
  readonly _id: string;
  readonly tenant_id: string;
  readonly batch: string;
  readonly text_parts: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly metadata_json: string;
  readonly readers: readonly string[];
  readonly body_words: number;
  readonly title_words: number;
  readonly odd_chunks: number;
  /** The flip to this version is done and not all that comes after it: the next start finishes it. */
  readonly pending?: boolean;
  /** Versions whose chunks are not removed yet. */
  readonly superseded?: readonly string[];
}

export const documentOf = (row: DocumentRow): Document => ({
  document_id: row.document_id,
  title: row.title,
  source: row.source,
  mime: row.mime,
  content_hash: row.content_hash,
  metadata: metadataOf(row),
  version: row.version,
  status: row.status,
  chunks: row.chunks,
  characters: row.characters,
  error: row.error,
  created_at: row.created_at,
  updated_at: row.updated_at,
});

export async function readDocument(
  context: Context,
  scope: Scope,
  documentId: string,
  session?: ClientSession,
): Promise<DocumentRow | null> {
  const found = await rows(context, collections.documents).findOne(
    { _id: identifierOf(scope.tenant, documentId) },
    { session },
  );
  return found as DocumentRow | null;
}

export async function readable(context: Context, scope: Scope, documentId: string): Promise<DocumentRow | null> {
  const row = await readDocument(context, scope, documentId);
  return row && mayRead(scope, metadataOf(row)) ? row : null;
}

/** A version ready to be written: everything but what depends on the version before. */
export interface Prepared {
  readonly scope: Scope;
  readonly batch: string;
  readonly version: DocumentVersion;
  readonly chunks: readonly ChunkRow[];
  readonly texts: readonly Readonly<Record<string, unknown>>[];
  readonly fields: Omit<DocumentRow, "version" | "created_at" | "_id">;
  /** Number, status and dates that a restored version had elsewhere; null for one that is new. */
  readonly history: History | null;
}

export type History = Pick<Document, "version" | "status" | "error" | "created_at" | "updated_at">;

/** What is decided without writing: a foreign document is refused, an equal one and a newer one left as it is. */
export function outcomeBefore(
  { scope, version, history }: Pick<Prepared, "scope" | "version" | "history">,
  known: DocumentRow | null,
): PutResult | null {
  if (known === null) return null;
  if (!mayRead(scope, metadataOf(known))) {
    throw new HybridRAGError("forbidden", "A document with this id exists that this caller may not change.");
  }
  const isEqual = known.content_hash === version.document.content_hash;
  const isKept =
    history === null
      ? isEqual
      : known.updated_at > history.updated_at || (isEqual && known.updated_at === history.updated_at);
  return isKept ? { outcome: "unchanged", version: known.version } : null;
}

export const historyOf = ({ document }: StoredVersion): History => ({
  version: document.version,
  status: document.status,
  error: document.error,
  created_at: document.created_at,
  updated_at: document.updated_at,
});

/** The row of the version that follows the one known. */
export const nextRow = (prepared: Prepared, known: DocumentRow | null): DocumentRow => ({
  _id: identifierOf(prepared.scope.tenant, prepared.fields.document_id),
  ...prepared.fields,
  version: (known?.version ?? 0) + 1,
  created_at: known?.created_at ?? prepared.fields.updated_at,
  ...prepared.history,
});

type Identified = Pick<DocumentRow, "tenant_id" | "document_id">;

/** The version and those before it that are not removed yet. */
export const batchesOf = (known: DocumentRow | null): readonly string[] =>
  known === null ? [] : [...(known.superseded ?? []), known.batch];

/** Removes the chunks and the text of these versions. */
export async function removeBatches(
  context: Context,
  { tenant_id, document_id }: Identified,
  batches: readonly string[],
  session?: ClientSession,
): Promise<void> {
  if (batches.length === 0) return;
  const batch = { $in: batches };
  await rows(context, collections.chunks).deleteMany(
    { "metadata.tenant_id": tenant_id, document_id, batch },
    { session },
  );
  await rows(context, collections.texts).deleteMany({ tenant_id, document_id, batch }, { session });
}
