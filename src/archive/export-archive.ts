import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import type { CallOptions, Page, Store, StoredVersion } from "../ports/store.ts";
import type { Message, Session } from "../records.ts";
import type { Scope } from "../scope.ts";
import { fileError } from "./archive-error.ts";
import { archiveFormat, memoryRecord, vectorText, type ArchiveCounts, type WrittenRecord } from "./record.ts";
import { sealed } from "./seal.ts";

export interface ArchiveOptions {
  readonly store: Store;
  /** The owner of the data. */
  readonly scope: Scope;
  readonly path: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (counts: ArchiveCounts) => void;
}

export interface ExportResult extends ArchiveCounts {
  /** Of the file. */
  readonly bytes: number;
}

/** Vectors hardly shrink, so more work on them is lost. */
const gzipLevel = 3;
/** Records that wait to be compressed; each is about a megabyte at most. */
const highWaterMark = 2;

/**
 * Writes everything of a tenant into one file, which has its name only once it is whole; until then it is named with
 * `.part` behind. Each record is as it was when it was read: what is written meanwhile may be in or not.
 *
 * @throws HybridRAGError `forbidden` unless the scope is the owner's; `invalid_input` when the file cannot be written.
 */
export async function exportArchive(options: ArchiveOptions): Promise<ExportResult> {
  const { path, signal } = options;
  if (options.scope.principals !== "all") {
    throw new HybridRAGError("forbidden", "An archive holds everything of a tenant: only its owner may export it.");
  }
  const part = `${path}.part`;
  let counts: ArchiveCounts | null = null;
  const told = (now: ArchiveCounts): void => {
    counts = now;
    options.onProgress?.(now);
  };
  try {
    const lines = Readable.from(sealed(recordsOf(options), told), { highWaterMark });
    await pipeline(lines, createGzip({ level: gzipLevel }), createWriteStream(part, { flush: true }), { signal });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    signal?.throwIfAborted();
    throw isHybridRAGError(error) ? error : fileError(path, "written", error);
  }
  return { ...counts!, bytes: (await stat(path)).size };
}

async function* recordsOf(options: ArchiveOptions): AsyncGenerator<WrittenRecord, void> {
  const { identity } = await options.store.health({ signal: options.signal });
  yield { kind: "header", format: archiveFormat, identity };
  yield* documentRecords(options);
  yield* sessionRecords(options);
  yield* memoryRecords(options);
}

/** Records of one page of a listing. */
const pageSize = 100;

async function* pagesOf<T>(read: (request: { limit: number; cursor: string | null }) => Promise<Page<T>>) {
  let cursor: string | null = null;
  do {
    const page: Page<T> = await read({ limit: pageSize, cursor });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== null);
}

async function* documentRecords({ store, scope, signal }: ArchiveOptions): AsyncGenerator<WrittenRecord, void> {
  const call: CallOptions = { signal };
  for await (const { document_id } of pagesOf((page) => store.documents.list(scope, page, call))) {
    const version = await store.documents.version(scope, document_id, call);
    // One that was deleted since it was listed is left out.
    if (version) yield* versionRecords(version);
  }
}

/** UTF-16 code units of text in one record. */
const textLength = 500_000;

function* versionRecords({ document, text, chunks, graph }: StoredVersion): Generator<WrittenRecord, void> {
  yield { kind: "document", document };
  for (let start = 0; start < text.length; start += textLength) {
    yield { kind: "text", text: text.slice(start, start + textLength) };
  }
  const mentions = Map.groupBy(graph.mentions, (row) => row.chunk_id);
  const links = Map.groupBy(graph.links, (row) => row.chunk_id);
  const assertions = Map.groupBy(graph.assertions, (row) => row.chunk_id);
  const lengthOf = (chunk: StoredVersion["chunks"][number]): number =>
    chunk.content.length + 6 * (chunk.vector?.length ?? 0) + 150 * (mentions.get(chunk.chunk_id)?.length ?? 0);
  for (const some of batchesOf(chunks, lengthOf)) {
    yield {
      kind: "chunks",
      chunks: some.map((chunk) => ({
        ...chunk,
        heading_path: [...chunk.heading_path],
        vector: vectorText(chunk.vector),
        mentions: mentions.get(chunk.chunk_id) ?? [],
        links: links.get(chunk.chunk_id) ?? [],
        assertions: assertions.get(chunk.chunk_id) ?? [],
      })),
    };
  }
}

async function* sessionRecords({ store, scope, signal }: ArchiveOptions): AsyncGenerator<WrittenRecord, void> {
  const call: CallOptions = { signal };
  for await (const { session_id } of pagesOf((page) => store.sessions.list(scope, page, call))) {
    const session = await store.sessions.get(scope, session_id, call);
    const messages = session ? await messagesOf(store, scope, session, call) : [];
    // One that expired or was deleted meanwhile is left out.
    if (!session || messages.length < session.messages) continue;
    yield { kind: "session", session };
    for (const some of batchesOf(messages, (message) => message.content.length)) {
      yield { kind: "messages", messages: some };
    }
  }
}

/** Those that the session counts: what was said since then belongs to the next export. */
async function messagesOf(
  store: Store,
  scope: Scope,
  { session_id, messages: total }: Session,
  call: CallOptions,
): Promise<readonly Message[]> {
  const read: Message[] = [];
  while (read.length < total) {
    const limit = Math.min(pageSize, total - read.length);
    const next = await store.sessions.messages(scope, session_id, { after: read.length, limit }, call);
    if (next.length === 0) break;
    read.push(...next);
  }
  return read;
}

async function* memoryRecords({ store, scope, signal }: ArchiveOptions): AsyncGenerator<WrittenRecord, void> {
  for await (const memory of pagesOf((page) => store.memories.stored(scope, page, { signal }))) {
    yield memoryRecord(memory);
  }
}

/** What one record may hold of chunks or messages, roughly in characters. */
const recordLength = 250_000;

/** Neighbours in batches of about this length, each of one item at least. */
function* batchesOf<T>(items: readonly T[], lengthOf: (item: T) => number): Generator<T[], void> {
  let batch: T[] = [];
  let length = 0;
  for (const item of items) {
    const own = lengthOf(item);
    if (batch.length > 0 && length + own > recordLength) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(item);
    length += own;
  }
  if (batch.length > 0) yield batch;
}
