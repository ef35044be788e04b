import { MongoServerError } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { IndexGenerations } from "../../ports/shadow-index.ts";
import type { IndexIdentity, Store } from "../../ports/store.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import { mongoCaches } from "./caches.ts";
import { mongoChunks } from "./chunks.ts";
import { connectClient, type ConnectionSettings } from "./connect.ts";
import { uriFault } from "./connection-error.ts";
import { call, rows, type Context } from "./context.ts";
import { mongoDocuments, transactionChunks } from "./documents.ts";
import { applyIndexes, createCollections } from "./index-plan.ts";
import { describeAccess, type AccessReport } from "./describe-access.ts";
import {
  describeConnection,
  explainSearches,
  type AskedSearch,
  type ConnectionReport,
  type SearchReport,
} from "./diagnose.ts";
import { observeClient, observePools, type EventSettings } from "./events.ts";
import { generationOf, readIndexState, requireGeneration, writeIdentity, type NumberedIdentity } from "./generation.ts";
import { mongoGenerations } from "./generations.ts";
import { applyViews } from "./graph-views.ts";
import { mongoGraph } from "./graph.ts";
import type { IndexSettings } from "./indexes.ts";
import { migrate, requireKnownFormat } from "./migrations.ts";
import { mongoIndexes, type MongoIndexes } from "./mongo-indexes.ts";
import { mongoJobs } from "./jobs.ts";
import { mongoAudit, mongoKeys } from "./keys.ts";
import { mongoMemories } from "./memories.ts";
import { collections } from "./names.ts";
import { capabilitiesOf } from "./probe.ts";
import { settleDefinitions, sizingNow } from "./settle-definitions.ts";
import { SearchProfile, type SearchCapabilities, type SwitchedFeature } from "./search-profile.ts";
import { mongoSessions } from "./sessions.ts";
import { settle } from "./settle.ts";
import { finishPending, sweepStaged } from "./staged-put.ts";
import { health } from "./store-health.ts";
import { Statistics } from "./statistics.ts";
import type { Sizing } from "./sizing.ts";
import { storageSizes, type CollectionSize } from "./storage-sizes.ts";
import { Turns } from "./turns.ts";
import { translateError } from "./translate-error.ts";

export interface MongoStoreOptions {
  readonly uri: string;
  readonly database?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly connection?: ConnectionSettings;
  /** Milliseconds that one call may take with all its repetitions; 30 seconds by default. */
  readonly timeoutMs?: number;
  /** Told of pools and slow commands. */
  readonly events?: EventSettings;
  /** What the cluster may have and shall not be used. */
  readonly featuresOff?: readonly SwitchedFeature[];
  /** Of approximate vector searches; by default 20 for each result, 100 at least. */
  readonly numCandidates?: number;
  /** How the search indexes are built; dimensions come with `prepare`. */
  readonly indexes?: Omit<IndexSettings, "dimensions">;
  /** False where an operator applies the indexes: `prepare` then creates none. */
  readonly manageIndexes?: boolean;
  /** Chunks of a version that one transaction takes. */
  readonly maxTransactionChunks?: number;
}

/** Looks without changing anything, for whoever wonders why a search is slow or fails. */
export interface MongoDiagnose {
  connection(): Promise<ConnectionReport>;
  access(): Promise<AccessReport>;
  /** A search explained, or one of each leg. @throws HybridRAGError `not_ready` when an index is missing. */
  searches(asked?: AskedSearch): Promise<readonly SearchReport[]>;
}

export interface MongoStore extends Store {
  readonly generations: IndexGenerations;
  readonly indexes: MongoIndexes;
  readonly diagnose: MongoDiagnose;
  /** What trial pipelines find this cluster to have. */
  probe(): Promise<SearchCapabilities>;
  sizes(): Promise<readonly CollectionSize[]>;
  /** What the vector index takes in memory, and which search nodes hold it; null without vectors. */
  sizing(): Promise<Sizing | null>;
}

/** How long `settle` waits for search when it is not told. */
const defaultSettleMs = 30_000;

/** The URI is refused, or no server answers: said before anything is tried. */
export async function openMongoStore(options: MongoStoreOptions): Promise<MongoStore> {
  const context = await connect(options);
  return storeOf(context, options);
}

async function connect(options: MongoStoreOptions): Promise<Context> {
  const now = options.now ?? Date.now;
  try {
    const client = connectClient(options.uri, options.connection ?? {}, options.events !== undefined);
    const pools = observePools(client, () => undefined);
    if (options.events) observeClient(client, options.events);
    const db = client.db(options.database ?? "hybridrag", { readPreference: "primary" });
    const context: Context = {
      client,
      db,
      searchReads: client.readPreference,
      now,
      timeoutMs: options.timeoutMs ?? 30_000,
      analyzer: englishAnalyzer(),
      statistics: new Statistics(),
      profile: new SearchProfile(
        db,
        { ...options.indexes, dimensions: 0 },
        () => performance.now(),
        () => requireGeneration(context, "read"),
      ),
      // A search has two commands under way, and for a moment three where it counts words.
      searches: new Turns(client.options.maxPoolSize / 2),
      pools,
      running: new Set(),
      unsettled: new Map(),
      identity: null,
      generation: generationOf(0),
      featuresOff: options.featuresOff ?? [],
      ...(options.numCandidates === undefined ? {} : { numCandidates: options.numCandidates }),
      capabilities: null,
      closed: false,
    };
    try {
      await client.connect();
      const [state] = await Promise.all([readIndexState(context), requireKnownFormat(db)]);
      takeIdentity(context, state);
    } catch (error) {
      await client.close();
      throw error;
    }
    return context;
  } catch (error) {
    throw uriFault(error, options.uri) ?? translateError(error);
  }
}

function takeIdentity(context: Context, state: NumberedIdentity | null): void {
  const { embedder = "none", dimensions = 0, chunker = "", generation = 0 } = state ?? {};
  context.identity = state && { embedder, dimensions, chunker };
  context.generation = generationOf(generation);
  context.profile.settings = { ...context.profile.settings, dimensions, generation };
  context.profile.doubt();
}

/** How often a store finishes what another that died had made the version: long before its rows would expire. */
const finishEveryMs = 1_800_000;

function storeOf(context: Context, options: MongoStoreOptions): MongoStore {
  const finishing = setInterval(() => {
    call(context, undefined, () => ifAllowed(() => finishPending(context)), 10 * context.timeoutMs).catch(
      () => undefined,
    );
  }, finishEveryMs);
  finishing.unref();
  return {
    engine: "mongodb",
    documents: mongoDocuments(context, options.maxTransactionChunks ?? transactionChunks),
    chunks: mongoChunks(context),
    graph: mongoGraph(context),
    sessions: mongoSessions(context),
    memories: mongoMemories(context),
    jobs: mongoJobs(context),
    caches: mongoCaches(context),
    keys: mongoKeys(context),
    audit: mongoAudit(context),
    prepare: (identity, callOptions) =>
      call(
        context,
        callOptions,
        () => prepare(context, identity, options.manageIndexes ?? true),
        10 * context.timeoutMs,
      ),
    settle: (callOptions) => {
      const timeoutMs = callOptions?.timeoutMs ?? defaultSettleMs;
      return call(context, callOptions, (signal) => settle(context, timeoutMs, signal), timeoutMs + context.timeoutMs);
    },
    generations: mongoGenerations(context),
    indexes: mongoIndexes(context),
    diagnose: {
      connection: () => call(context, undefined, () => describeConnection(context)),
      access: () => call(context, undefined, () => describeAccess(context)),
      searches: (asked) => call(context, undefined, () => explainSearches(context, asked)),
    },
    probe: () => call(context, undefined, () => capabilitiesOf(context)),
    sizes: () => call(context, undefined, () => storageSizes(context.db)),
    sizing: () =>
      call(context, undefined, async () => {
        const { dimensions } = context.profile.settings;
        return dimensions === 0 ? null : sizingNow(context, dimensions);
      }),
    health: () => health(context),
    capabilities: () => ({
      readYourWrites: false,
      exactScores: false,
      bothScores: true,
      nativeFusion: true,
      manyWriters: true,
      readOnly: false,
      maxDimensions: 8192,
    }),
    close: async () => {
      context.closed = true;
      clearInterval(finishing);
      await Promise.all(context.running);
      await context.client.close();
    },
  };
}

const nameOf = ({ embedder, dimensions, chunker }: IndexIdentity): string => `${embedder}@${dimensions} + ${chunker}`;

async function prepare(context: Context, identity: IndexIdentity, manage: boolean): Promise<void> {
  const known = await readIndexState(context);
  const isNew = known === null || nameOf(known) !== nameOf(identity);
  if (known && isNew && (await rows(context, collections.documents).findOne({})) !== null) {
    throw new HybridRAGError(
      "index_mismatch",
      `The index was built with ${nameOf(known)}, not with ${nameOf(identity)}. Make its vectors anew with ` +
        "hybridrag indexes reembed, or set the former again.",
      { details: { built: nameOf(known), asked: nameOf(identity) } },
    );
  }
  if (isNew) await writeIdentity(context, identity);
  takeIdentity(context, { ...identity, generation: known?.generation ?? 0 });
  if (manage) {
    await ifAllowed(() => createIndexes(context));
    await ifAllowed(async () => void (await applyViews(context.db)));
    await ifAllowed(async () => void (await migrate(context.db, context.now)));
  }
  await ifAllowed(async () => {
    await finishPending(context);
    await sweepStaged(context);
  });
}

async function createIndexes(context: Context): Promise<void> {
  await createCollections(context.db);
  await settleDefinitions(context, false);
  await applyIndexes(context.db, context.profile);
}

/** No rights, no search, no such command. */
const forgiven = new Set([13, 31082, 59]);

/** What this user may not do, or this server cannot, is left to another; the first search tells what is missing. */
async function ifAllowed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MongoServerError && forgiven.has(Number(error.code)))) throw error;
  }
}
