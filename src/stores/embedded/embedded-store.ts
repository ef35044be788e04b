import { availableParallelism } from "node:os";
import { HybridRAGError, isHybridRAGError, messageOf } from "../../errors.ts";
import type { IndexGenerations } from "../../ports/shadow-index.ts";
import type { CallOptions, Store, StoreHealth } from "../../ports/store.ts";
import { discardOthers, homeOf, rollBack } from "./generations.ts";
import type { IndexBase } from "./index/index-base.ts";
import { indexKeeper, type IndexKeeper } from "./index-keeper.ts";
import {
  auditPort,
  cachePort,
  chunkPort,
  documentPort,
  graphPort,
  jobPort,
  keyPort,
  memoryPort,
  sessionPort,
} from "./ports.ts";
import { openShadowIndex } from "./reembed/shadow-index.ts";
import { refuseOldSqlite } from "./sqlite/database.ts";
import { isOldFormat } from "./sqlite/migrations.ts";
import type { Reads, Writes } from "./workers/operations.ts";
import { startWorker } from "./workers/start-worker.ts";
import { workerPool, type WorkerPool } from "./workers/worker-pool.ts";

export interface EmbeddedStoreOptions {
  /** The data folder; it is created when it is absent. Not on a network file system. */
  readonly directory: string;
  /** One process at a time opens a folder for writing (the default); any number read it and see what is committed. */
  readonly access?: "write" | "read";
  /**
   * `normal` (the default) survives any crash of the program; a power cut may take the last writes, never consistency.
   * `full` survives that too, at the price of one sync a commit.
   */
  readonly durability?: "normal" | "full";
  /** Threads that search; by default one for each processor, 2 to 4. They start when there is work for them. */
  readonly readers?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface EmbeddedStore extends Store {
  /**
   * Copies everything, as of this moment, into a new file named `hybridrag.sqlite` of that folder, compacted; writes go
   * on meanwhile. The copy opens as a data folder of its own and makes its indexes when it is first searched.
   *
   * @throws HybridRAGError `conflict` when the folder already holds data.
   */
  backUp(directory: string, options?: CallOptions): Promise<void>;
  /** For a store that was opened for writing. What is stored after a switch is only in the index in use. */
  readonly generations: IndexGenerations;
}

/** Expired sessions, memories and cached values are hidden at once and removed within this time. */
const sweepEveryMs = 60_000;

/** Writes that may share a commit. */
const mostTogether = 64;

/**
 * The store of one machine: a SQLite file that is the only truth, and indexes that worker threads derive from it.
 *
 * @throws HybridRAGError `data_locked`, `data_newer`, `data_damaged`, `not_ready`, `invalid_config` or `store_failed`.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  if (options.access !== "read") return openFolder(options);
  try {
    return await openFolder(options);
  } catch (error) {
    if (!isOldFormat(error)) throw error;
    // A reader changes nothing, so a writer brings the file up to date first.
    await (await openFolder({ ...options, access: "write" })).close();
    return openFolder(options);
  }
}

async function openFolder(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  refuseOldSqlite(process.versions["sqlite"]);
  const now = options.now ?? Date.now;
  const isReadOnly = options.access === "read";
  const home = isReadOnly ? homeOf(options.directory) : null;
  const pools = openPools({ ...options, home }, now, ({ tenant, snapshot }) => {
    if (snapshot === "" && !isReadOnly && closing === null) keeper.rebuilt(tenant);
  });
  await ready(pools, isReadOnly ? [pools.readers] : [pools.writer]);

  let closing: Promise<void> | null = null;
  const whileOpen = (call: Call): Call => (closing === null ? call : refuseClosed);
  const read = ((...call) => whileOpen(caller(pools.readers, now))(...call)) as Reads;
  const write = (isReadOnly ? refuseWrite : (...call) => whileOpen(caller(pools.writer, now))(...call)) as Writes;
  const keeper: IndexKeeper = indexKeeper(caller(pools.indexer, now) as Reads, caller(pools.writer, now) as Writes);
  const sweeping = isReadOnly ? null : setInterval(() => void write("sweep", []).catch(() => undefined), sweepEveryMs);
  sweeping?.unref();

  return {
    engine: "embedded",
    documents: keeper.counted(documentPort(read, write)),
    chunks: chunkPort(read),
    graph: graphPort(read, write),
    sessions: sessionPort(read, write),
    memories: memoryPort(read, write),
    jobs: jobPort(read, write),
    caches: cachePort(read, write),
    keys: keyPort(read, write),
    audit: auditPort(read, write),
    prepare: (identity, callOptions) =>
      isReadOnly ? read("prepare.check", [identity], callOptions) : write("prepare", [identity], callOptions),
    // A search follows the change log to the last commit before it begins: nothing is ever waited for.
    settle: async (callOptions) => {
      await read("caches.get", [{ tenant: "", principals: "all" }, "", ""], callOptions);
    },
    health: (callOptions) => read("health", [], callOptions).catch(unhealthy),
    capabilities: () => ({ readYourWrites: true, exactScores: true, readOnly: isReadOnly, maxDimensions: 8192 }),
    backUp: (directory, callOptions) => caller(pools.indexer, now)("backup", [directory], callOptions) as Promise<void>,
    generations: {
      adopt: (identity) => write("prepare.adopt", [identity]),
      shadow: async ({ embedder }) => openShadowIndex(writable(), embedder),
      // Nobody writes while vectors are made: there are none that lack one.
      missing: async () => 0,
      rollBack: async () => void rollBack(writable()),
      discard: async () => discardOthers(writable()),
    },
    close: () => (closing ??= end()),
  };

  function writable(): string {
    if (isReadOnly) throw readOnlyError();
    return options.directory;
  }

  /** The writer goes last: then SQLite folds its log into the file. */
  async function end(): Promise<void> {
    clearInterval(sweeping ?? undefined);
    if (!isReadOnly) await keeper.close();
    await Promise.all([pools.readers.close(), pools.indexer.close()]);
    await pools.writer.close();
  }
}

interface Pools {
  readonly writer: WorkerPool;
  readonly readers: WorkerPool;
  /** A reader of its own for the long work of making bases. */
  readonly indexer: WorkerPool;
}

function openPools(
  { directory, home, durability = "normal", readers }: EmbeddedStoreOptions & { readonly home: string | null },
  now: () => number,
  onReaderBase: (base: IndexBase) => void,
): Pools {
  const start = (role: "writer" | "reader", nurseryMb?: number) => () =>
    startWorker({ role, directory, home, durability, now: now() }, nurseryMb);
  const tellAll = (news: unknown): void => {
    const { tenant } = news as IndexBase;
    for (const pool of [pools.readers, pools.indexer]) pool.tell(String(tenant), news);
  };
  const pools: Pools = {
    writer: workerPool({
      start: start("writer", nurseryMb),
      size: 1,
      batch: mostTogether,
      mayAbandon: false,
      onNews: () => undefined,
    }),
    readers: workerPool({
      start: start("reader"),
      size: readers ?? defaultReaders(),
      batch: 1,
      mayAbandon: true,
      onNews: (news) => {
        tellAll(news);
        onReaderBase(news as IndexBase);
      },
    }),
    indexer: workerPool({ start: start("reader", nurseryMb), size: 1, batch: 1, mayAbandon: true, onNews: tellAll }),
  };
  return pools;
}

/** Of the threads that go through many rows once. */
const nurseryMb = 8;

const defaultReaders = (): number => Math.min(4, Math.max(2, availableParallelism()));

/** A store that cannot be opened leaves no thread behind. */
async function ready(pools: Pools, needed: readonly WorkerPool[]): Promise<void> {
  try {
    await Promise.all(needed.map((pool) => pool.ready()));
  } catch (error) {
    await Promise.all(Object.values(pools).map((pool: WorkerPool) => pool.close()));
    throw error;
  }
}

type Call = (name: string, args: readonly unknown[], options?: CallOptions) => Promise<unknown>;

const caller =
  (pool: WorkerPool, now: () => number): Call =>
  (name, args, options) =>
    pool.call({ name, args, now: now(), signal: options?.signal });

const refuseClosed: Call = () =>
  Promise.reject(
    new HybridRAGError("store_failed", "The store was closed; open it again to use it.", { retryable: false }),
  );

const refuseWrite = (): Promise<never> => Promise.reject(readOnlyError());

const readOnlyError = (): HybridRAGError =>
  new HybridRAGError(
    "data_locked",
    'This store was opened for reading only; open it with access "write" to change anything.',
    { retryable: false },
  );

const unhealthy = (error: unknown): StoreHealth => ({
  ready: false,
  identity: null,
  documents: 0,
  chunks: 0,
  sessions: 0,
  behind: 0,
  warnings: [{ code: isHybridRAGError(error) ? error.code : "store_failed", message: messageOf(error) }],
  details: {},
});
