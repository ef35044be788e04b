import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Config, networkEnvironment } from "./config/config.ts";
import { HybridRAGError, isHybridRAGError } from "./errors.ts";
import { modelExtractor } from "./graph/model-extractor.ts";
import { createHybridRAG, type HybridRAG, type Parts } from "./hybridrag.ts";
import { chunkerFingerprint } from "./ingest/chunk/chunk-document.ts";
import { chunkerOptions } from "./ingest/document-version.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import { observedEmbedder, observedModel, observedReranker, observedStore } from "./observe/observe-ports.ts";
import { observedRag } from "./observe/observe-rag.ts";
import { openModels, type ModelSurroundings, type OpenedModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import { openMongo, openStore } from "./open-store.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { IndexIdentity, Store } from "./ports/store.ts";
import { constantsFor, parseConstants } from "./query/answer/choose-constants.ts";
import type { AnswerConstants } from "./query/answer/constants.ts";
import type { QuerySettings } from "./query/plan.ts";
import type { SearchResponse } from "./query/search.ts";
import type { Warning } from "./records.ts";
import { ownerScope } from "./scope.ts";
import type { MongoIndexes, SlowCommand } from "./stores/mongodb/index.ts";
import { englishAnalyzer } from "./text/analyze.ts";
import { countingChanges, searchCache, type SearchCache } from "./wrap/cache-search.ts";
import type { PaidCalls } from "./wrap/courier/paid-calls.ts";
import { localCaches } from "./wrap/local-caches.ts";
import { tenantContext, type TenantContext } from "./wrap/tenant-context.ts";
import { pageFetcher } from "./pages/fetch-page.ts";
import type { ProviderWatch } from "./wrap/watch.ts";

export type { IndexStatus, IndexStep, MongoIndexes, MongoStore, Sharding } from "./stores/mongodb/index.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Turns settings into adapters: the one place that knows them all. What is not used is not loaded. */
export async function openHybridRAG(
  config: Config,
  {
    access,
    watch,
    onSlow,
  }: {
    readonly access: "read" | "write";
    readonly watch?: ProviderWatch;
    /** Told of slow commands of MongoDB. */
    readonly onSlow?: (command: SlowCommand) => void;
  },
): Promise<HybridRAG> {
  const chunker = chunkerOf(config);
  const store = await openStore(config, countsAcrossRuns(config) ? "write" : access, onSlow);
  let embedder: Embedder | null = null;
  try {
    const tenants = tenantContext();
    const models = await openModels(config, { ...surroundings(config, store, tenants), ...(watch ? { watch } : {}) });
    const chosen = models.embedder === null ? await openEmbedder(config) : { embedder: models.embedder, notices: [] };
    embedder = chosen.embedder;
    const chunkerIdentity = chunkerFingerprint(chunkerOptions(embedder, chunker));
    const mixed = await claimIndex(store, embedder, chunkerIdentity);
    const { costs } = models;
    const counting = config.search_cache_seconds > 0 ? countingChanges(store) : null;
    const searches =
      counting && searchesOf(config, counting.revision, [embedder?.fingerprint, models.reranker?.model], watch);
    const rag = createHybridRAG({
      store: observedStore(counting?.store ?? store),
      searches,
      embedder: embedder && observedEmbedder(embedder, costs.embedder),
      reranker: models.reranker && observedReranker(models.reranker, costs.reranker),
      writer: models.model && {
        model: observedModel(models.model, costs.model),
        rewriter: models.assistant && observedModel(models.assistant, costs.assistant),
        costOf: models.costOf,
      },
      communitySummaries: summariesOf(config, models),
      prices: models.prices,
      paidCalls: models.paidCalls,
      books: models.ledger,
      tenants,
      ...(access === "write" ? await extraction(config, models) : { extractor: null }),
      pool: loadPool({ maxFileBytes: config.max_file_mb * 2 ** 20 }),
      fetchPage: pageFetcher({ allowed: config.fetch_allow, userAgent: "hybridrag" }),
      chunker,
      analyzer: englishAnalyzer(),
      constants: constantsFor(embedder?.fingerprint ?? null, await givenConstants(config)),
      query: querySettingsOf(config),
      sessions: { ttlMs: config.session_ttl_days * dayMs, historyTokens: 2000, summaryTokens: 400 },
      assistantTurnWeight: config.assistant_turn_weight,
      notices: [...chosen.notices, ...models.notices, ...mixed],
      now: () => performance.now(),
    });
    return observedRag(rag, { content: config.trace_content });
  } catch (error) {
    await Promise.all([store.close(), embedder?.close()]);
    throw error;
  }
}

const chunkerOf = ({ chunk_tokens: tokens }: Config) =>
  tokens === undefined ? {} : { maxTokens: tokens, targetTokens: tokens };

async function givenConstants({ answer_constants: path }: Config): Promise<AnswerConstants | null> {
  if (path === undefined) return null;
  const text = await readFile(resolve(path), "utf8").catch((cause: unknown) => {
    throw new HybridRAGError("invalid_config", `HYBRIDRAG_ANSWER_CONSTANTS names ${path}, which cannot be read.`, {
      cause,
      details: { path },
    });
  });
  return parseConstants(text, path);
}

/** A reader cannot write down what it spends, so a budget that outlives the run needs a writer. */
const countsAcrossRuns = (config: Config): boolean =>
  config.budget_usd !== undefined || config.budget_usd_per_day !== undefined;

function surroundings(config: Config, store: Store, tenants: TenantContext): ModelSurroundings {
  const own = localCaches(Date.now);
  return {
    secrets: openSecrets(config, globalThis.fetch),
    fetch: globalThis.fetch,
    caches: () => (store.capabilities().readOnly ? own : store.caches),
    ...(store.capabilities().readOnly ? {} : { journal: join(resolve(config.data_dir), "paid-answers") }),
    ...(config.courier ? { courier: courierFor(tenants, tenants.isIngest) } : {}),
    scope: () => tenants.current() ?? ownerScope(config.tenant),
    run: randomUUID(),
  };
}

const searchesOf = (
  { search_cache_seconds: seconds }: Config,
  revision: (tenant: string) => number,
  models: readonly (string | undefined)[],
  watch: ProviderWatch | undefined,
): SearchCache<SearchResponse> =>
  searchCache({
    ttlMs: 1000 * seconds,
    revision,
    models: models.map((model) => model ?? "none"),
    isWhole: ({ warnings }) => warnings.length === 0,
    onLookup: ({ hits, misses }) => watch?.lookup("searches", hits, misses),
  });

const courierFor = ({ run: within }: TenantContext, isWanted: () => boolean): ModelSurroundings["courier"] => ({
  environment: networkEnvironment(),
  within,
  isWanted,
});

/**
 * Makes sure that the index and the embedder belong together. Vectors of the same local model in another number type
 * are alike enough to be searched together, which a notice says.
 */
async function claimIndex(store: Store, embedder: Embedder | null, chunker: string): Promise<readonly Warning[]> {
  const given = identityOf(embedder, chunker);
  const { identity: found, chunks } = await store.health();
  const isMixed = found !== null && chunks > 0 && (await isAlike(found.embedder, given.embedder));
  await prepare(store, isMixed ? { ...given, embedder: found.embedder } : given, found);
  if (!isMixed) return [];
  const message = `The index was made with ${found.embedder}, and ${given.embedder} embeds: nearly the same vectors.`;
  return [{ code: "mixed_vectors", message }];
}

async function isAlike(found: string, given: string): Promise<boolean> {
  if (found === given || !given.startsWith("local:")) return false;
  const { compareFingerprints } = await import("./providers/local/index.ts");
  return compareFingerprints(found, given) === "alike";
}

/** A reader cannot take an index on, so it only makes sure that its embedder is the one that made the vectors. */
async function prepare(store: Store, identity: IndexIdentity, found: IndexIdentity | null): Promise<void> {
  if (!store.capabilities().readOnly) return store.prepare(identity);
  if (found === null || (found.embedder === identity.embedder && found.dimensions === identity.dimensions)) return;
  throw new HybridRAGError(
    "index_mismatch",
    `The index was made with the embedder ${found.embedder}, and ${identity.embedder} is set. Make its ` +
      "vectors anew with hybridrag indexes reembed, or set HYBRIDRAG_EMBEDDER back.",
    { details: { stored: found.embedder, given: identity.embedder } },
  );
}

function summariesOf({ community_summaries: by }: Config, { model, assistant }: OpenedModels): "quotes" | "model" {
  if (by === "quotes" || (model !== null && assistant !== null)) return by;
  throw new HybridRAGError(
    "invalid_config",
    "HYBRIDRAG_COMMUNITY_SUMMARIES=model needs a language model: set ANTHROPIC_API_KEY, or HYBRIDRAG_LANGUAGE_MODEL.",
    { details: { setting: "HYBRIDRAG_COMMUNITY_SUMMARIES" } },
  );
}

/** Rules read names, and a model where one is asked for: then in bulk where there is much to read. */
async function extraction(
  config: Config,
  { assistant, bulk, forecast }: OpenedModels,
): Promise<Pick<Parts, "extractor" | "reading">> {
  const { localExtractor } = await import("./providers/local/index.ts");
  const rules = await localExtractor();
  if (config.extractor === "local") return { extractor: rules };
  if (assistant !== null && forecast !== null) {
    const extractor = modelExtractor(assistant, rules);
    const { asking } = extractor;
    return { extractor, reading: { asking, model: assistant, bulk, forecast, above: config.batch_above } };
  }
  throw new HybridRAGError(
    "invalid_config",
    "HYBRIDRAG_EXTRACTOR=model needs a language model: set ANTHROPIC_API_KEY, or HYBRIDRAG_LANGUAGE_MODEL.",
    { details: { setting: "HYBRIDRAG_EXTRACTOR" } },
  );
}

interface OpenedEmbedder {
  readonly embedder: Embedder | null;
  readonly notices: readonly Warning[];
}

async function openEmbedder(config: Config): Promise<OpenedEmbedder> {
  const [kind, ...rest] = config.embedder.split(":");
  const argument = rest.join(":");
  switch (kind) {
    case "none":
      return lexicalOnly("No embedder is set (HYBRIDRAG_EMBEDDER=none): searches are lexical only.");
    case "auto":
      return openLocalEmbedder(config, undefined).catch((error: unknown) => {
        if (!isHybridRAGError(error)) throw error;
        return lexicalOnly(`The local embedder cannot be used, so searches are lexical only: ${error.message}`);
      });
    case "local":
      return openLocalEmbedder(config, argument === "" ? undefined : argument);
    default:
      throw new HybridRAGError("invalid_config", `HYBRIDRAG_EMBEDDER names "${kind}", which is no embedder.`);
  }
}

const lexicalOnly = (message: string): OpenedEmbedder => ({
  embedder: null,
  notices: [{ code: "lexical_only", message }],
});

async function openLocalEmbedder(config: Config, folder: string | undefined): Promise<OpenedEmbedder> {
  const { localEmbedder } = await import("./providers/local/index.ts");
  const embedder = await localEmbedder({
    cacheDir: config.cache_dir ?? join(homedir(), ".cache", "hybridrag"),
    ...(config.embedder_workers === undefined ? {} : { workers: config.embedder_workers }),
    ...(folder === undefined ? {} : { folder }),
  });
  return { embedder, notices: embedder.warnings };
}

/** The settings of a query, under the names that a plan has. */
const querySettingsOf = (config: Config): QuerySettings => ({
  mode: config.mode,
  top_k: config.top_k,
  fusion: config.fusion,
  vector_weight: config.vector_weight,
  text_weight: config.text_weight,
  rank_constant: config.rank_constant,
  calibrate: config.calibrate,
  cosine_threshold: config.cosine_threshold,
  support: config.support,
  document_prior: config.document_prior,
  rerank_top_k: config.rerank_top_k,
  query_timeout_ms: config.query_timeout_ms,
  ...(config.query_expansion === "none" ? {} : { expansion: config.query_expansion }),
  ...(config.mmr_lambda === undefined ? {} : { mmr_lambda: config.mmr_lambda }),
});

/** The models that the settings name, for whoever looks whether they answer; nothing that they give is kept. */
export async function openUsedModels(
  config: Config,
): Promise<{ readonly models: OpenedModels; readonly embedder: Embedder | null }> {
  const own = localCaches(Date.now);
  const scope = () => ownerScope(config.tenant);
  const around = { secrets: openSecrets(config, globalThis.fetch), fetch: globalThis.fetch, caches: () => own };
  const models = await openModels(config, { ...around, scope, run: randomUUID() });
  return { models, embedder: models.embedder ?? (await openEmbedder(config)).embedder };
}

/** For work on the whole index: the embedder that the settings name, at the operator's expense, and the identity of an index that is made with it. */
export async function openIndexEmbedder(config: Config, store: Store): Promise<IndexEmbedder> {
  const { courier, ...around } = surroundings(config, store, tenantContext());
  const always = courier && { courier: { ...courier, isWanted: () => true } };
  const { paidCalls, ...models } = await openModels(config, { ...around, ...always, payer: "operator" });
  const embedder = models.embedder ?? (await openEmbedder(config)).embedder;
  const identity = identityOf(embedder, chunkerFingerprint(chunkerOptions(embedder, chunkerOf(config))));
  return { embedder, identity, paidCalls };
}

interface IndexEmbedder {
  readonly embedder: Embedder | null;
  readonly identity: IndexIdentity;
  readonly paidCalls: PaidCalls | null;
}

const identityOf = (embedder: Embedder | null, chunker: string): IndexIdentity => ({
  embedder: embedder?.fingerprint ?? "none",
  dimensions: embedder?.dimensions ?? 0,
  chunker,
});

/** The search indexes of the cluster, for whoever runs `hybridrag indexes`; nothing is created by opening them. */
export async function openIndexes(
  config: Config,
): Promise<{ readonly indexes: MongoIndexes; readonly close: () => Promise<void> }> {
  const store = await openMongo(config, { manageIndexes: false });
  let embedder: Embedder | null = null;
  const close = async (): Promise<void> => {
    await Promise.all([store.close(), embedder?.close()]);
  };
  try {
    const models = await openModels(config, surroundings(config, store, tenantContext()));
    embedder = models.embedder ?? (await openEmbedder(config)).embedder;
    const wanted = await otherIdentity(
      store,
      embedder,
      chunkerFingerprint(chunkerOptions(embedder, chunkerOf(config))),
    );
    return { indexes: wanted === null ? store.indexes : towards(store.indexes, wanted), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Null where the index is of what the settings ask for, or takes it on; else what they ask for. */
async function otherIdentity(store: Store, embedder: Embedder | null, chunker: string): Promise<IndexIdentity | null> {
  try {
    await claimIndex(store, embedder, chunker);
    return null;
  } catch (error) {
    if (isHybridRAGError(error) && error.code === "index_mismatch") return identityOf(embedder, chunker);
    throw error;
  }
}

/** Plans then lead to the index that is wanted; its status and definitions are those of the one in use. */
const towards = (indexes: MongoIndexes, wanted: IndexIdentity): MongoIndexes => ({
  ...indexes,
  plan: (options) => indexes.plan({ ...options, wanted }),
  apply: (options) => indexes.apply({ ...options, wanted }),
});
