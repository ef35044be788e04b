import { rename, rm, stat } from "node:fs/promises";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import type { CallOptions, Page, Store, StoredVersion } from "../ports/store.ts";
import type { GraphEdit, Message, Session } from "../records.ts";
import type { Scope } from "../scope.ts";
import { fileError } from "./archive-error.ts";
import { appendMembers, readMark, removeMark } from "./members.ts";
import { archiveFormat, memoryRecord, vectorText, type ArchiveCounts, type WrittenRecord } from "./record.ts";
import { sealed } from "./seal.ts";
import { takeUp, type Head } from "./unfinished.ts";

export interface ArchiveOptions {
  readonly store: Store;
  /** The owner of the data. */
  readonly scope: Scope;
  readonly path: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (counts: ArchiveCounts) => void;
}

export interface ExportOptions extends ArchiveOptions {
  /** Characters of JSON after which what is written can be gone on from; about 8 million by default. */
  readonly memberLength?: number;
}

export interface ExportResult extends ArchiveCounts {
  /** Of the file. */
  readonly bytes: number;
  /** Documents, sessions and memories that an export before, which was interrupted, had written. */
  readonly resumed: number;
}

const defaultMemberLength = 8_000_000;

/**
 * Writes everything of a tenant into one file, which has its name only once it is whole; until then it is named with
 * `.part` behind. Each record is as it was when it was read: what is written meanwhile may be in or not. An export that
 * was interrupted is gone on with, if everything that it wrote is still so in the store; else it is begun anew.
 *
 * @throws HybridRAGError `forbidden` unless the scope is the owner's; `invalid_input` when the file cannot be written.
 */
export async function exportArchive(options: ExportOptions): Promise<ExportResult> {
  const { path, signal, memberLength: length = defaultMemberLength } = options;
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
    let wholes = wholesOf(options);
    const before = await takeUp(part, headsOf(wholes), signal);
    if (before === null) {
      wholes = wholesOf(options);
      await Promise.all([rm(part, { force: true }), removeMark(part)]);
    }
    const lines = sealed(recordsOf(wholes), told, before ?? {});
    await appendMembers(part, lines, { length, signal, written: before?.lines });
    await rename(part, path);
    await removeMark(part);
    return { ...counts!, bytes: (await stat(path)).size, resumed: before?.wholes ?? 0 };
  } catch (error) {
    if ((await readMark(part)) === null) await rm(part, { force: true }).catch(() => undefined);
    signal?.throwIfAborted();
    throw isHybridRAGError(error) ? error : fileError(path, "written", error);
  }
}

/** What an archive holds together: its first record, and how the others are read. */
interface Whole {
  readonly head: Head;
  /** All records, as they are now; none when it went since it was listed. */
  readonly records: () => AsyncIterable<WrittenRecord>;
}

async function* wholesOf(options: ArchiveOptions): AsyncGenerator<Whole, void> {
  const { identity } = await options.store.health({ signal: options.signal });
  const header: Head = { kind: "header", format: archiveFormat, identity };
  yield { head: header, records: () => one(header) };
  yield* edits(options);
  yield* documents(options);
  yield* sessions(options);
  yield* memories(options);
}

/** Before the documents, so that whoever imports them writes each name once. */
async function* edits({ store, scope, signal }: ArchiveOptions): AsyncGenerator<Whole, void> {
  const all = await store.graph.edits(scope, { signal });
  if (all.length === 0) return;
  // In one order of fields, whichever store they come from.
  const inOrder = ({ edit_id, sequence, actor, created_at, change }: GraphEdit): GraphEdit => ({
    edit_id,
    sequence,
    actor,
    created_at,
    change,
  });
  const record: Head = { kind: "edits", edits: all.map(inOrder) };
  yield { head: record, records: () => one(record) };
}

async function* one(record: WrittenRecord): AsyncGenerator<WrittenRecord, void> {
  yield record;
}

/** The heads alone; ending it early leaves the wholes where they are. */
const headsOf = (wholes: AsyncGenerator<Whole, void>): AsyncIterator<Head> => ({
  next: async () => {
    const { done, value } = await wholes.next();
    return done === true ? { done, value: undefined } : { done: false, value: value.head };
  },
});

async function* recordsOf(wholes: AsyncIterable<Whole>): AsyncGenerator<WrittenRecord, void> {
  for await (const { records } of wholes) yield* records();
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

async function* documents({ store, scope, signal }: ArchiveOptions): AsyncGenerator<Whole, void> {
  const call: CallOptions = { signal };
  for await (const document of pagesOf((page) => store.documents.list(scope, page, call))) {
    yield {
      head: { kind: "document", document },
      async *records() {
        const version = await store.documents.version(scope, document.document_id, call);
        // One that was deleted since it was listed is left out.
        if (version) yield* versionRecords(version);
      },
    };
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

async function* sessions({ store, scope, signal }: ArchiveOptions): AsyncGenerator<Whole, void> {
  const call: CallOptions = { signal };
  for await (const listed of pagesOf((page) => store.sessions.list(scope, page, call))) {
    yield {
      head: { kind: "session", session: listed },
      async *records() {
        const session = await store.sessions.get(scope, listed.session_id, call);
        const messages = session ? await messagesOf(store, scope, session, call) : [];
        // One that expired or was deleted meanwhile is left out.
        if (!session || messages.length < session.messages) return;
        yield { kind: "session", session };
        for (const some of batchesOf(messages, (message) => message.content.length))
          yield { kind: "messages", messages: some };
      },
    };
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

async function* memories({ store, scope, signal }: ArchiveOptions): AsyncGenerator<Whole, void> {
  for await (const memory of pagesOf((page) => store.memories.stored(scope, page, { signal }))) {
    const record = memoryRecord(memory);
    yield { head: record, records: () => one(record) };
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
