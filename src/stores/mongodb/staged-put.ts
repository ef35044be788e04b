import type { PutResult } from "../../ports/store.ts";
import { rows, type Context } from "./context.ts";
import {
  batchesOf,
  nextRow,
  outcomeBefore,
  readDocument,
  removeBatches,
  type DocumentRow,
  type Prepared,
} from "./document-rows.ts";
import { requireGeneration } from "./generation.ts";
import { collections } from "./names.ts";
import { isDuplicateKey } from "./translate-error.ts";

/** Rows in one insert. */
const insertRows = 500;
/** How often the flip is tried when another writer came first. */
const attempts = 20;

/**
 * Puts a version that is too large for one transaction: its chunks and text are written first, seen by nobody; then one
 * write to the document makes them the version; then they are let into search and the older version is removed. Until
 * the flip a crash leaves only rows that expire; after it, only work that the next start finishes.
 */
export async function putStaged(
  context: Context,
  prepared: Prepared,
  signal: AbortSignal | undefined,
): Promise<PutResult> {
  try {
    await stage(context, collections.texts, prepared.texts, signal);
    await stage(context, collections.chunks, prepared.chunks, signal);
    const { result, before } = await flip(context, prepared, signal);
    if (result.outcome !== "unchanged") await finish(context, prepared.fields, batchesOf(before));
    else await discard(context, prepared);
    return result;
  } catch (error) {
    await discardUnlessCurrent(context, prepared);
    throw error;
  }
}

async function stage(
  context: Context,
  collection: string,
  staged: readonly object[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let start = 0; start < staged.length; start += insertRows) {
    signal?.throwIfAborted();
    await rows(context, collection).insertMany(staged.slice(start, start + insertRows) as never, { ordered: false });
  }
}

async function flip(
  context: Context,
  prepared: Prepared,
  signal: AbortSignal | undefined,
): Promise<{ readonly result: PutResult; readonly before: DocumentRow | null }> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const before = await readDocument(context, prepared.scope, prepared.fields.document_id);
    const early = outcomeBefore(prepared, before);
    if (early !== null) return { result: early, before };
    await requireGeneration(context, "write");
    const superseded = batchesOf(before);
    const next: DocumentRow = { ...nextRow(prepared, before), pending: true, superseded };
    try {
      const documents = rows(context, collections.documents);
      const done = before
        ? (await documents.replaceOne({ _id: next._id, batch: before.batch }, next)).matchedCount === 1
        : (await documents.insertOne(next as never)).acknowledged;
      if (done) return { result: { outcome: before ? "updated" : "indexed", version: next.version }, before };
    } catch (error) {
      if (!isDuplicateKey(error) || attempt >= attempts) throw error;
    }
  }
}

/** What comes after the flip: nobody can see the difference but search, which finds the version from now on. */
async function finish(
  context: Context,
  document: Pick<DocumentRow, "tenant_id" | "document_id" | "batch">,
  superseded: readonly string[],
): Promise<void> {
  const { tenant_id, document_id, batch } = document;
  const live = { $set: { live: true }, $unset: { staged_at: "" } };
  await rows(context, collections.chunks).updateMany({ "metadata.tenant_id": tenant_id, document_id, batch }, live);
  await rows(context, collections.texts).updateMany({ tenant_id, document_id, batch }, { $unset: { staged_at: "" } });
  await removeBatches(context, document, superseded);
  const done = { $unset: { pending: "", superseded: "" } };
  await rows(context, collections.documents).updateOne({ tenant_id, document_id, batch }, done);
}

const discard = (context: Context, { fields }: Prepared): Promise<void> =>
  removeBatches(context, fields, [fields.batch]);

/** After a failure nobody knows whether the flip came through: what is current stays. */
async function discardUnlessCurrent(context: Context, prepared: Prepared): Promise<void> {
  try {
    const now = await readDocument(context, prepared.scope, prepared.fields.document_id);
    if (now?.batch !== prepared.batch) await discard(context, prepared);
  } catch {
    // What remains expires by its own index.
  }
}

/** No staging takes this long; the index that lets its rows expire waits a day. */
const abandonedMs = 3_600_000;

/** Removes what a crash left before the flip. After `finishPending`: what is the version by now is staged no more. */
export async function sweepStaged(context: Context): Promise<void> {
  const abandoned = { staged_at: { $lt: new Date(context.now() - abandonedMs) } };
  for (const name of [collections.chunks, collections.texts]) await rows(context, name).deleteMany(abandoned);
}

/** Finishes flips that a crash interrupted. */
export async function finishPending(context: Context): Promise<void> {
  const pending = rows(context, collections.documents).find({ pending: true });
  for await (const row of pending) {
    const document = row as unknown as DocumentRow;
    await finish(context, document, document.superseded ?? []);
  }
}
