import { stat } from "node:fs/promises";
import { HybridRAGError } from "../errors.ts";
import type { IndexIdentity, RestoreOutcome, Store } from "../ports/store.ts";
import type { GraphEdit } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { ArchiveOptions } from "./export-archive.ts";
import { archiveRecords, verifyArchive } from "./read-archive.ts";
import type { ArchiveCounts } from "./record.ts";
import { wholeRecords, type Whole } from "./whole-records.ts";

export interface ImportOptions extends Omit<ArchiveOptions, "onProgress"> {
  /** `total` is what the archive holds. */
  readonly onProgress?: (counts: ArchiveCounts, total: ArchiveCounts) => void;
}

/** Counts are of the archive: what was kept is among them. */
export interface ImportResult extends ArchiveCounts {
  /** Documents, sessions, memories and edits of the graph that were there already, as new or newer. */
  readonly kept: number;
  readonly bytes: number;
}

/** Restored at once: what waits together shares a commit or the time on the wire. No more than this is held. */
const together = { records: 16, chunks: 200 };

/**
 * Restores everything of an archive into the tenant of the scope. The archive is read through first, so one that is
 * cut or damaged changes nothing. What is there already, as new or newer, stays; so an import that was interrupted goes
 * on when it is run again.
 *
 * @throws HybridRAGError as `verifyArchive`; `index_mismatch` when the store holds documents of another embedder or
 * chunker; `forbidden` unless the scope is the owner's; what the store throws.
 */
export async function importArchive(options: ImportOptions): Promise<ImportResult> {
  const { store, scope, path, signal } = options;
  if (scope.principals !== "all") {
    throw new HybridRAGError("forbidden", "An import writes everything of a tenant: only its owner may do it.");
  }
  const { identity, counts: total } = await verifyArchive(path, signal);
  const { size: bytes } = await stat(path);
  if (identity) await prepare(store, identity, signal);
  let counts: ArchiveCounts = { documents: 0, chunks: 0, sessions: 0, messages: 0, memories: 0, edits: 0 };
  let kept = 0;
  for await (const some of inBatches(wholeRecords(archiveRecords(path, signal)))) {
    const found = await Promise.all(some.map((whole) => restore(store, scope, whole, signal)));
    kept += found.reduce((sum, there) => sum + there, 0);
    counts = some.reduce(counted, counts);
    options.onProgress?.(counts, total);
  }
  return { ...counts, kept, bytes };
}

/** @returns how much of it was there already. */
async function restore(store: Store, scope: Scope, whole: Whole, signal: AbortSignal | undefined): Promise<number> {
  const there = (outcome: RestoreOutcome): number => (outcome === "kept" ? 1 : 0);
  switch (whole.kind) {
    case "document":
      return there(await store.documents.restore(scope, whole.version, { signal }));
    case "session":
      return there(await store.sessions.restore(scope, whole.session, whole.messages, { signal }));
    case "memory":
      return there(await store.memories.restore(scope, whole.memory, { signal }));
    case "edits":
      return restoreEdits(store, scope, whole.edits, signal);
  }
}

/** Those that are not there yet come after those that are, in their order. */
async function restoreEdits(
  { graph }: Store,
  scope: Scope,
  edits: readonly GraphEdit[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const known = await graph.edits(scope, { signal });
  const ids = new Set(known.map((edit) => edit.edit_id));
  const missing = edits.filter((edit) => !ids.has(edit.edit_id));
  let last = known.length;
  for (const { sequence: _sequence, ...edit } of missing) await graph.edit(scope, edit, last++, { signal });
  return edits.length - missing.length;
}

const chunksOf = (whole: Whole): number => (whole.kind === "document" ? whole.version.chunks.length : 0);

async function* inBatches(wholes: AsyncIterable<Whole>): AsyncGenerator<readonly Whole[], void> {
  let batch: Whole[] = [];
  let chunks = 0;
  for await (const whole of wholes) {
    batch.push(whole);
    chunks += chunksOf(whole);
    if (batch.length < together.records && chunks < together.chunks) continue;
    yield batch;
    batch = [];
    chunks = 0;
  }
  if (batch.length > 0) yield batch;
}

function counted(counts: ArchiveCounts, whole: Whole): ArchiveCounts {
  switch (whole.kind) {
    case "document":
      return { ...counts, documents: counts.documents + 1, chunks: counts.chunks + chunksOf(whole) };
    case "session":
      return { ...counts, sessions: counts.sessions + 1, messages: counts.messages + whole.messages.length };
    case "memory":
      return { ...counts, memories: counts.memories + 1 };
    case "edits":
      return { ...counts, edits: counts.edits + whole.edits.length };
  }
}

/** An empty store becomes one for the archive's embedder and chunker: its vectors are taken over as they are. */
async function prepare(store: Store, identity: IndexIdentity, signal: AbortSignal | undefined): Promise<void> {
  const { identity: built, documents } = await store.health({ signal });
  if (built && documents > 0 && nameOf(built) !== nameOf(identity)) {
    throw new HybridRAGError(
      "index_mismatch",
      `The archive was made with ${nameOf(identity)}, and this store holds documents made with ${nameOf(built)}. ` +
        "Make the vectors here anew with that embedder (hybridrag indexes reembed), import into an empty data folder or " +
        "database, or ingest the sources again here.",
      { details: { archive: nameOf(identity), stored: nameOf(built) } },
    );
  }
  await store.prepare(identity, { signal });
}

const nameOf = ({ embedder, dimensions, chunker }: IndexIdentity): string =>
  `embedder ${embedder} (${dimensions} dimensions) and chunker ${chunker}`;
