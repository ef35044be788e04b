import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { isHybridRAGError, messageOf, type ErrorCode } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { Extractor } from "../ports/extractor.ts";
import type { PageFetcher } from "../ports/page-fetcher.ts";
import type { Store } from "../ports/store.ts";
import type { Document, Metadata } from "../records.ts";
import type { Scope } from "../scope.ts";
import { chunkerFingerprint, type ChunkerOptions } from "./chunk/chunk-document.ts";
import { chunkItem, chunkerOptions, completeVersion, loadItem, type VersionContext } from "./document-version.ts";
import { documentClaims, type DocumentClaims } from "./document-claims.ts";
import { embedQueue } from "./embed-queue.ts";
import { eventChannel, type EventChannel } from "./event-channel.ts";
import { contentHash } from "./identity.ts";
import type { FileOutcome, FileResult, IngestEvent } from "./ingest-events.ts";
import type { LoadPool } from "./load/load-pool.ts";
import type { LoadedDocument } from "./load/loaded-document.ts";
import { ingestTally, type IngestTally } from "./ingest-tally.ts";
import { semaphore } from "../pace/semaphore.ts";
import { discover, type IngestSource, type Item } from "./sources.ts";
import { timeSlices } from "../pace/time-slices.ts";
import { vanishedDocuments } from "./vanished.ts";

export interface IngestDependencies {
  readonly store: Store;
  /** Null: chunks without vectors, for lexical search only. */
  readonly embedder: Embedder | null;
  /** Null: nothing for the graph. */
  readonly extractor: Extractor | null;
  readonly pool: LoadPool;
  /** Absent: addresses are not fetched. */
  readonly fetchPage?: PageFetcher | undefined;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export interface IngestOptions {
  readonly scope: Scope;
  /** Relative paths start here. */
  readonly cwd: string;
  /** For every document; a document's own keys win. */
  readonly metadata?: Metadata;
  /** Delete documents whose files have vanished from an ingested folder. */
  readonly prune?: boolean;
  readonly chunker?: Pick<ChunkerOptions, "targetTokens" | "maxTokens" | "overlapTokens">;
  readonly signal?: AbortSignal;
}

/** Faults of the surroundings, not of a file: going on would fail every other file too. */
const fatalCodes = new Set<ErrorCode>([
  "unauthorized",
  "forbidden",
  "invalid_config",
  "store_tls",
  "store_credentials",
  "store_rights",
  "index_mismatch",
  "budget_exceeded",
  "data_locked",
  "data_newer",
  "data_damaged",
]);
const outcomeOfCode: Partial<Record<ErrorCode, FileOutcome>> = {
  no_text: "empty",
  unreadable: "refused",
  unsupported_type: "refused",
  too_large: "refused",
};
const minInFlight = 16;
const maxInFlight = 1024;
/** Of a chunk, about: what a call of an embedder holds is estimated with it. */
const chunkTokens = 200;

/**
 * Reads, chunks, embeds and stores documents, many at once, and reports what became of each. One document is one
 * transaction; one that fails does not stop the others. Ending the iteration or aborting stops the run cleanly:
 * documents that were reported are durable, the next run skips them and goes on.
 *
 * @throws HybridRAGError when no document can succeed: `unauthorized`, `index_mismatch`, `data_locked` …
 */
export async function* ingest(
  sources: readonly IngestSource[],
  dependencies: IngestDependencies,
  options: IngestOptions,
): AsyncGenerator<IngestEvent, void> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const channel = eventChannel<IngestEvent>();
  const running = runIngest(sources, dependencies, { ...options, signal }, channel, (reason) =>
    stop.abort(reason),
  ).then(
    () => channel.end(),
    (error: unknown) => channel.end(error),
  );
  try {
    yield* channel;
  } finally {
    stop.abort();
    await running;
  }
}

type RunOptions = IngestOptions & { readonly signal: AbortSignal };

interface Run {
  readonly store: Store;
  readonly claims: DocumentClaims;
  readonly context: VersionContext;
  readonly options: RunOptions;
  readonly channel: EventChannel<IngestEvent>;
  readonly tally: IngestTally;
  readonly reading: <T>(work: () => Promise<T>) => Promise<T>;
  readonly waitingTexts: number;
  readonly fingerprints: { readonly chunker: string; readonly embedder: string; readonly extractor: string };
}

async function runIngest(
  sources: readonly IngestSource[],
  dependencies: IngestDependencies,
  options: RunOptions,
  channel: EventChannel<IngestEvent>,
  abort: (reason: unknown) => void,
): Promise<void> {
  const run = startRun(dependencies, options, channel);
  try {
    await runAll(sources, dependencies, run, abort);
  } catch (error) {
    if (!options.signal.aborted || error !== options.signal.reason) throw error;
    // The caller's own abort is no failure.
    if (isHybridRAGError(error) && fatalCodes.has(error.code)) throw error;
  }
  run.tally.summary(options.signal.aborted);
}

async function runAll(
  sources: readonly IngestSource[],
  { embedder, store, fetchPage }: IngestDependencies,
  run: Run,
  abort: (reason: unknown) => void,
): Promise<void> {
  const { options, fingerprints } = run;
  const { signal, scope } = options;
  const dimensions = embedder?.dimensions ?? 0;
  await store.prepare({ embedder: fingerprints.embedder, dimensions, chunker: fingerprints.chunker }, { signal });
  const { items, folders, missing } = await discover(sources, {
    tenant: scope.tenant,
    cwd: options.cwd,
    metadata: options.metadata ?? {},
    fetchPage,
  });
  run.tally.expect(items.length + missing.length);
  for (const { path, reason, document_id } of missing) {
    run.tally.file({ path, outcome: "failed", reason, document_id, chunks: 0 });
  }
  let fatal: unknown;
  await eachItem(items, run, (error) => {
    fatal ??= error;
    abort(error);
  });
  if (fatal !== undefined) throw fatal;
  if (!signal.aborted) await reportVanished(folders, run);
}

function startRun(
  { store, embedder, extractor, pool, now }: IngestDependencies,
  options: RunOptions,
  channel: EventChannel<IngestEvent>,
): Run {
  const chunker = options.chunker ?? {};
  const fingerprints = {
    chunker: chunkerFingerprint(chunkerOptions(embedder, chunker)),
    embedder: embedder?.fingerprint ?? "none",
    extractor: extractor?.fingerprint ?? "none",
  };
  const tally = ingestTally(channel, now);
  const { signal } = options;
  const queue = embedder && embedQueue(embedder, { signal, onEmbedded: (texts) => tally.embedded(texts) });
  const { tenant } = options.scope;
  const context = { tenant, pool, embedder, queue, extractor, chunker, inSlices: timeSlices(now), signal };
  const reading = semaphore(pool.workers + 1);
  const claims = documentClaims(store, options.scope, randomUUID());
  return {
    store,
    claims,
    context,
    options,
    channel,
    tally,
    reading,
    waitingTexts: waitingTexts(embedder),
    fingerprints,
  };
}

/** Texts that wait for the embedder before the next document is read: it is never idle, and memory stays bounded. */
function waitingTexts(embedder: Embedder | null): number {
  if (embedder === null) return minInFlight;
  const { items, tokens, parallel } = embedder.limits;
  return 4 * Math.min(items, Math.ceil(tokens / chunkTokens)) * Math.max(1, parallel);
}

/** Milliseconds between two looks at documents that another process makes. */
const lookEveryMs = 200;

/** What another process makes now comes last: done by then, or to be done here should that process have ended. */
async function eachItem(items: readonly Item[], run: Run, onFatal: (error: unknown) => void): Promise<void> {
  const { signal } = run.options;
  for (let left = items; left.length > 0 && !signal.aborted;) {
    left = await oneRound(left, run, onFatal);
    if (left.length > 0) await setTimeout(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns those that others make. */
async function oneRound(items: readonly Item[], run: Run, onFatal: (error: unknown) => void): Promise<readonly Item[]> {
  const others: Item[] = [];
  const places = semaphore(Math.min(maxInFlight, Math.max(minInFlight, run.waitingTexts)));
  const tasks = items.map((item) =>
    places(async () => {
      if (run.options.signal.aborted) return;
      if (!(await ingestItem(item, run, onFatal))) others.push(item);
    }),
  );
  await Promise.all(tasks);
  return others;
}

/** @returns false when another process makes this document now. */
async function ingestItem(item: Item, run: Run, onFatal: (error: unknown) => void): Promise<boolean> {
  const result = (outcome: FileOutcome, reason: string | null, chunks: number): FileResult => ({
    path: item.path,
    outcome,
    reason,
    document_id: item.document_id,
    chunks,
  });
  try {
    const done = await putItem(item, run);
    if (done === null) return false;
    run.tally.file(result(done.outcome, null, done.chunks));
  } catch (error) {
    if (run.options.signal.aborted) return true;
    const code = isHybridRAGError(error) ? error.code : null;
    if (code && fatalCodes.has(code)) onFatal(error);
    else run.tally.file(result((code && outcomeOfCode[code]) ?? "failed", reasonOf(item, error), 0));
  }
  return true;
}

interface Done {
  readonly outcome: FileOutcome;
  readonly chunks: number;
}

/** Null: another process makes this document now. */
async function putItem(item: Item, run: Run): Promise<Done | null> {
  const { store, context, options } = run;
  const { signal, scope } = options;
  const isShared = store.capabilities().manyWriters === true;
  const before = await store.documents.get(scope, item.document_id, { signal });
  const read = await run.reading(async () => {
    await context.queue?.below(run.waitingTexts);
    signal.throwIfAborted();
    const content = await item.read({ maxFileBytes: context.pool.maxFileBytes, signal });
    const hash = contentHash({ ...run.fingerprints, ...identityOf(item), bytes: content.hash });
    if (before?.content_hash === hash && before.status === "indexed") return null;
    const release = await run.claims.take(item.document_id, hash);
    if (release === null) return "another's" as const;
    try {
      // Another may have made it between the look at it and the claim.
      const isMade =
        isShared && (await store.documents.get(scope, item.document_id, { signal }))?.content_hash === hash;
      return { hash, release, loaded: isMade ? null : await loadItem(item, content, context) };
    } catch (error) {
      await release();
      throw error;
    }
  });
  if (read === "another's") return null;
  const unchanged: Done = { outcome: "unchanged", chunks: before?.chunks ?? 0 };
  if (!read) return unchanged;
  const { hash, loaded, release } = read;
  try {
    return loaded === null ? unchanged : await putLoaded(item, { hash, loaded }, before, run);
  } finally {
    await release();
  }
}

interface LoadedItem {
  readonly hash: string;
  readonly loaded: LoadedDocument;
}

async function putLoaded(item: Item, read: LoadedItem, before: Document | null, run: Run): Promise<Done> {
  const { store, options } = run;
  const { version, unreadPassages } = await makeVersion(item, read, before, run);
  const { outcome } = await store.documents.put(options.scope, version, { signal: options.signal });
  run.tally.unread(unreadPassages);
  if (unreadPassages > 0) run.channel.send({ type: "warning", warning: unreadWarning(item, unreadPassages) });
  return { outcome, chunks: version.chunks.length };
}

/** A function of its own, so that blocks and embedded texts are let go before the store copies the version. */
async function makeVersion(item: Item, { hash, loaded }: LoadedItem, before: Document | null, run: Run) {
  const { store, context, options } = run;
  const chunked = await chunkItem(item, loaded, context);
  const known =
    before && context.queue
      ? await store.chunks.vectors(options.scope, item.document_id, { signal: options.signal })
      : new Map<string, Float32Array>();
  return completeVersion(item, chunked, known, hash, context);
}

const identityOf = ({ source, title, mime, metadata }: Item) => ({ source, title, mime, metadata });

async function reportVanished(folders: readonly string[], run: Run): Promise<void> {
  const { store, options } = run;
  for await (const { document_id, source } of vanishedDocuments(store, options.scope, folders, options.signal)) {
    const pruned = options.prune === true && (await store.documents.delete(options.scope, document_id));
    run.tally.vanished(source, document_id, pruned);
  }
}

const fileFaults: Readonly<Record<string, string>> = {
  EACCES: "cannot be read: permission is denied.",
  EPERM: "cannot be read: permission is denied.",
  ENOENT: "has gone since the folder was listed.",
  EISDIR: "is a folder now.",
  EIO: "cannot be read: the disk failed.",
};

/** A sentence that names the file; our own refusals already do. */
function reasonOf(item: Item, error: unknown): string {
  const fault = error instanceof Error && "code" in error ? fileFaults[String(error.code)] : undefined;
  if (fault !== undefined) return `${item.name} ${fault}`;
  const message = messageOf(error);
  return message.includes(item.name) ? message : `${item.name}: ${message}`;
}

const unreadWarning = (item: Item, passages: number) => ({
  code: "extraction_incomplete",
  message:
    `${item.name}: what the language model read in ${passages === 1 ? "a passage" : `${passages} passages`} could not be ` +
    "used; the graph has the names that rules find there.",
});
