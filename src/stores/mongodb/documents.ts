import { randomUUID } from "node:crypto";
import type { ClientSession } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import { matches } from "../../filter/matches.ts";
import type { CallOptions, DocumentStore, DocumentVersion, PutResult } from "../../ports/store.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { chunkRows, metadataOf } from "./chunk-rows.ts";
import { call, rows, transaction, type Context } from "./context.ts";
import {
  batchesOf,
  documentOf,
  historyOf,
  nextRow,
  outcomeBefore,
  readable,
  readDocument,
  removeBatches,
  type DocumentRow,
  type History,
  type Prepared,
} from "./document-rows.ts";
import { collections } from "./names.ts";
import { coarseMatch } from "./native-filter.ts";
import { requireGeneration } from "./generation.ts";
import { pageOf, readCursor } from "./paging.ts";
import { putStaged } from "./staged-put.ts";
import { textOf, wholeVersion } from "./whole-version.ts";
import { identifierOf, readersFor, readersOf, storedMetadata } from "./stored-metadata.ts";

/** Chunks of a version that one transaction takes; more are staged and flipped. */
export const transactionChunks = 1000;
/** Characters of one row of text, so that no row comes near 16 MB. */
const partCharacters = 3_000_000;

export function mongoDocuments(context: Context, maxInTransaction: number): DocumentStore {
  return {
    get: (scope, documentId, options) =>
      call(context, options, async () => {
        const row = await readable(context, scope, documentId);
        return row && documentOf(row);
      }),
    text: (scope, documentId, options) => call(context, options, () => readText(context, scope, documentId)),
    list: (scope, request, options) =>
      call(context, options, async (signal) => {
        const found = await listRows(context, scope, request, signal);
        return pageOf(found, request, "documents", (row) => [row.document_id], documentOf);
      }),
    count: (scope, options) =>
      call(context, options, async (signal) => {
        const [sums] = await rows(context, collections.documents)
          .aggregate<{ documents: number; chunks: number }>(
            [
              { $match: visible(scope) },
              { $group: { _id: null, documents: { $sum: 1 }, chunks: { $sum: "$chunks" } } },
            ],
            { signal },
          )
          .toArray();
        return { documents: sums?.documents ?? 0, chunks: sums?.chunks ?? 0 };
      }),
    put: (scope, version, options) => put(context, { scope, version, history: null, maxInTransaction }, options),
    version: (scope, documentId, options) =>
      call(context, options, (signal) => wholeVersion(context, scope, documentId, signal), 10 * context.timeoutMs),
    restore: async (scope, version, options) => {
      const write = { scope, version, history: historyOf(version), maxInTransaction };
      return (await put(context, write, options)).outcome === "unchanged" ? "kept" : "restored";
    },
    delete: (scope, documentId, options) =>
      call(context, options, async (signal) => {
        const isDeleted = await transaction(context, signal, (session) => remove(context, scope, documentId, session));
        context.statistics.forget(scope.tenant);
        return isDeleted;
      }),
  };
}

const visible = (scope: Scope) => {
  const readers = readersFor(scope.principals);
  return { tenant_id: scope.tenant, ...(readers === null ? {} : { readers: { $in: readers } }) };
};

/** How often a text is read again when its document changed in between. */
const attempts = 8;

async function readText(context: Context, scope: Scope, documentId: string): Promise<string | null> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const row = await readable(context, scope, documentId);
    if (row === null) return null;
    const text = await textOf(context, row);
    if (text !== null) return text;
  }
  throw new HybridRAGError("store_failed", "The document changes faster than it can be read; try again.");
}

async function listRows(
  context: Context,
  scope: Scope,
  request: Parameters<DocumentStore["list"]>[1],
  signal: AbortSignal | undefined,
): Promise<readonly DocumentRow[]> {
  const after = readCursor(request, "documents", 1);
  const filter = request.filter ?? null;
  const cursor = rows(context, collections.documents)
    .find(
      {
        $and: [
          visible(scope),
          ...(after === null ? [] : [{ document_id: { $gt: after[0] } }]),
          ...(filter === null ? [] : [coarseMatch(filter)]),
        ],
      },
      { signal },
    )
    .sort({ document_id: 1 });
  const found: DocumentRow[] = [];
  for await (const next of cursor) {
    const row = next as unknown as DocumentRow;
    const record = { document_id: row.document_id, metadata: metadataOf(row) };
    if (!mayRead(scope, record.metadata) || (filter !== null && !matches(filter, record))) continue;
    if (!row.source.startsWith(request.sourcePrefix ?? "")) continue;
    found.push(row);
    if (found.length > request.limit) break;
  }
  return found;
}

interface Write {
  readonly scope: Scope;
  readonly version: DocumentVersion;
  readonly history: History | null;
  readonly maxInTransaction: number;
}

function put(context: Context, write: Write, options: CallOptions | undefined): Promise<PutResult> {
  const { scope, version } = write;
  // Before the first wait: what the caller changes afterwards must not reach the store.
  const isStaged = version.chunks.length > write.maxInTransaction;
  let prepared: Prepared;
  return call(
    context,
    options,
    async (signal) => {
      prepared = prepare(context, write, isStaged);
      // A transaction looks for itself; before much is staged it pays to look first.
      const known = isStaged ? await readDocument(context, scope, version.document.document_id) : null;
      const early = outcomeBefore(prepared, known);
      if (early !== null) return early;
      const result = isStaged
        ? await putStaged(context, prepared, signal)
        : await transaction(context, signal, (session) => replace(context, prepared, session));
      context.statistics.forget(scope.tenant);
      if (result.outcome !== "unchanged")
        for (const row of prepared.chunks.slice(-2)) context.unsettled.set(row._id, scope.tenant);
      return result;
    },
    10 * context.timeoutMs,
  );
}

function prepare(context: Context, { scope, version, history }: Write, isStaged: boolean): Prepared {
  checkVersion(context, version);
  const { document, text, chunks, graph } = version;
  const batch = randomUUID();
  const now = new Date(context.now());
  const stagedAt = isStaged ? now : null;
  const made = chunkRows(
    { tenant: scope.tenant, batch, chunks, graph, stagedAt, generation: context.generation },
    context.analyzer,
    context.profile.fields,
  );
  const parts = splitText(text);
  return {
    scope,
    batch,
    history,
    version: { ...version, chunks: [] },
    chunks: made.rows,
    texts: parts.map((part, index) => ({
      _id: identifierOf(scope.tenant, document.document_id, batch, String(index)),
      tenant_id: scope.tenant,
      document_id: document.document_id,
      batch,
      part: index,
      text: part,
      ...(stagedAt === null ? {} : { staged_at: stagedAt }),
    })),
    fields: {
      tenant_id: scope.tenant,
      document_id: document.document_id,
      batch,
      text_parts: parts.length,
      title: document.title,
      source: document.source,
      mime: document.mime,
      content_hash: document.content_hash,
      ...storedMetadata(document.metadata, scope.tenant),
      readers: readersOf(document.metadata),
      status: "indexed",
      chunks: chunks.length,
      characters: text.length,
      error: null,
      updated_at: now.toISOString(),
      ...made.counts,
    },
  };
}

/** Parts of a text; a pair of surrogates is never cut. */
function splitText(text: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + partCharacters);
    if (end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1]!)) end -= 1;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

function checkVersion(context: Context, { document, chunks }: DocumentVersion): void {
  const ids = new Set(chunks.map((chunk) => chunk.chunk_id));
  if (ids.size < chunks.length || chunks.some((chunk) => chunk.document_id !== document.document_id)) {
    throw new HybridRAGError("invalid_input", "The chunks of a version need ids of their own and its document's id.", {
      details: { path: "/chunks" },
    });
  }
  for (const { vector } of chunks)
    if (vector) checkVector(vector, context.identity?.dimensions ?? null, "/chunks/vector");
}

async function replace(context: Context, prepared: Prepared, session: ClientSession): Promise<PutResult> {
  const { scope, fields } = prepared;
  const [known] = await Promise.all([
    readDocument(context, scope, fields.document_id, session),
    requireGeneration(context, "write"),
  ]);
  const early = outcomeBefore(prepared, known);
  if (early !== null) return early;
  const next = nextRow(prepared, known);
  if (known) await rows(context, collections.documents).replaceOne({ _id: next._id }, next, { session });
  else await rows(context, collections.documents).insertOne(next as never, { session });
  if (prepared.texts.length > 0)
    await rows(context, collections.texts).insertMany(prepared.texts as never, { session });
  if (prepared.chunks.length > 0)
    await rows(context, collections.chunks).insertMany(prepared.chunks as never, { session });
  if (known) await removeBatches(context, known, batchesOf(known), session);
  return { outcome: known ? "updated" : "indexed", version: next.version };
}

async function remove(context: Context, scope: Scope, documentId: string, session: ClientSession): Promise<boolean> {
  const known = await readDocument(context, scope, documentId, session);
  if (known === null || !mayRead(scope, metadataOf(known))) return false;
  await rows(context, collections.documents).deleteOne({ _id: known._id }, { session });
  await removeBatches(context, known, batchesOf(known), session);
  return true;
}
