import type { Config } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import type { BulkObjects, ModelBatches } from "./ports/bulk-objects.ts";
import type { CacheStore } from "./ports/cache-store.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { LanguageModel, TokenUsage } from "./ports/language-model.ts";
import type { Reranker } from "./ports/reranker.ts";
import type { KeySource, ProviderFacts } from "./providers/api-key.ts";
import { missingKey } from "./providers/api-key.ts";
import { estimateTokens } from "./providers/estimate-tokens.ts";
import { retirementWarning } from "./providers/retirement.ts";
import type { SpentTokens } from "./query/model-answer/model-answer.ts";
import type { Warning } from "./records.ts";
import type { Scope } from "./scope.ts";
import type { SecretChain } from "./secrets/index.ts";
import { breaker } from "./wrap/breaker.ts";
import { type BudgetLedger, budgetLedger } from "./wrap/budget.ts";
import { bulkObjects } from "./wrap/bulk-objects.ts";
import { cacheObjects, cacheReranker, keepObjects, type ObjectCacheOptions } from "./wrap/cache-model.ts";
import { cacheEmbedder, type CacheLookup, keepVectors } from "./wrap/cache.ts";
import { type Clock, systemClock } from "./wrap/clock.ts";
import { type PaidCalls, paidCalls, type PaidCallsOptions } from "./wrap/courier/paid-calls.ts";
import {
  type Guard,
  guardEmbedder,
  guardModel,
  guardReranker,
  guards,
  promptTokens,
  type ProviderCall,
} from "./wrap/guard.ts";
import { journalled } from "./wrap/journal.ts";
import { limit } from "./wrap/limit.ts";
import { pack } from "./wrap/pack.ts";
import { costOf, listPrices, priceOf, type PriceTable, withPrices } from "./wrap/prices.ts";
import { rateLimits } from "./wrap/rate-limits.ts";
import { retry } from "./wrap/retry.ts";
import { type ProviderWatch, watched } from "./wrap/watch.ts";
import { noTokens } from "./ports/token-usage.ts";

export interface ModelSurroundings {
  readonly secrets: SecretChain;
  readonly fetch: typeof globalThis.fetch;
  /** Asked for at the first call: models are opened before the store, because its index names the embedder. */
  readonly caches: () => CacheStore;
  /** Whose budget and cache a call belongs to. */
  readonly scope: () => Scope;
  /** One command or one service: what a budget for a run counts. */
  readonly run: string;
  /** Who pays; by default the tenant of `scope`. */
  readonly payer?: "tenant" | "operator";
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Folder of what providers have answered and the store has not committed yet; none: the store alone keeps answers. */
  readonly journal?: string;
  /** Makes calls that a kill of this process does not end; none: this process makes all of them. Needs `journal`. */
  readonly courier?: Pick<PaidCallsOptions, "environment" | "isWanted" | "within">;
  /** For metrics. */
  readonly watch?: ProviderWatch;
}

/** Models behind a key, with retries, limits, caches and the budget around them. */
export interface OpenedModels {
  /** Null when the settings ask for a local one or none. */
  readonly embedder: Embedder | null;
  readonly reranker: Reranker | null;
  readonly model: LanguageModel | null;
  /** Rewrites follow-up questions and extracts; a smaller model of the same provider where there is one. */
  readonly assistant: LanguageModel | null;
  /** Gets the assistant's structured results in bulk; null where its provider takes no batches. */
  readonly bulk: BulkObjects | null;
  /** The assistant, which says what a call would send and may bring back instead of making it; what is known is free. */
  readonly forecast: ((onCall: (inputTokens: number, maxOutputTokens: number) => void) => LanguageModel) | null;
  /** Null without a courier, or with nothing that it could call. */
  readonly paidCalls: PaidCalls | null;
  readonly prices: PriceTable;
  readonly ledger: BudgetLedger;
  readonly costOf: (spent: SpentTokens) => number;
  /** US dollars of one call of each; 0 where no price is known. */
  readonly costs: Readonly<Record<"embedder" | "reranker" | "model" | "assistant", (usage: TokenUsage) => number>>;
  readonly notices: readonly Warning[];
}

/** Opens the models that the settings name. `auto` takes Voyage and Anthropic where their key is set. */
export async function openModels(config: Config, around: ModelSurroundings): Promise<OpenedModels> {
  const clock = around.clock ?? systemClock;
  const prices = withPrices(listPrices, config.prices);
  const caches = lateCaches(around.caches);
  const ledger = budgetLedger({
    caches,
    scope: around.scope,
    run: around.run,
    payer: around.payer ?? "tenant",
    ceilings: { perRun: config.budget_usd_per_run, perDay: config.budget_usd_per_day, perTenant: config.budget_usd },
    prices,
    clock,
  });
  const paid = paidCallsOf(around, clock, () => ledger);
  const kit: Kit = {
    config,
    around: paid === null ? around : { ...around, fetch: paid.fetch },
    paid,
    clock,
    ledger,
    guard: guardOf(config, around, clock, ledger),
    access: accessTo(around),
    answers: answersOf(around, caches, clock),
  };
  const embedder = await openEmbedder(kit);
  const reranker = await openReranker(kit);
  const { model, assistant, bulk } = await openLanguageModels(kit);
  const used = [embedder, reranker, model, assistant].flatMap((one) => (one === null ? [] : [one]));
  return {
    embedder: embedder?.port ?? null,
    reranker: reranker?.port ?? null,
    model: model?.port ?? null,
    assistant: assistant?.port ?? null,
    bulk,
    forecast: assistant && forecastOf(assistant.port, { caches: kit.answers, scope: around.scope }),
    paidCalls: embedder === null && assistant === null ? null : paid,
    prices,
    ledger,
    costs: {
      embedder: (usage) => cost(prices, embedder, usage),
      reranker: (usage) => cost(prices, reranker, usage),
      model: (usage) => cost(prices, model, usage),
      assistant: (usage) => cost(prices, assistant, usage),
    },
    costOf: (spent) =>
      cost(prices, embedder, { ...noTokens, inputTokens: spent.embedding }) +
      cost(prices, reranker, { ...noTokens, inputTokens: spent.rerank }) +
      cost(prices, model, spent.answer) +
      cost(prices, assistant, spent.rewrite),
    notices: used.flatMap(({ provider, port }) => retirementWarning(provider, port.model, new Date(clock.now())) ?? []),
  };
}

function answersOf({ journal, run }: ModelSurroundings, caches: CacheStore, { now }: Clock): CacheStore {
  return journal === undefined ? caches : journalled(caches, { folder: journal, writer: run, now });
}

function paidCallsOf(around: ModelSurroundings, clock: Clock, ledger: () => BudgetLedger): PaidCalls | null {
  const { courier, journal: folder, fetch, scope, watch } = around;
  if (courier === undefined || folder === undefined) return null;
  const onMissing = (reason: string): void => watch?.courierMissing?.(reason);
  return paidCalls({ ...courier, folder, fetch, scope, ledger, clock, onMissing });
}

interface Opened<Port> {
  readonly provider: string;
  readonly port: Port;
}

interface Kit {
  readonly config: Config;
  readonly around: ModelSurroundings;
  readonly clock: Clock;
  readonly ledger: BudgetLedger;
  readonly guard: Guard;
  readonly access: Access;
  /** Where paid answers are kept. */
  readonly answers: CacheStore;
  readonly paid: PaidCalls | null;
}

/** Somebody waits for an urgent call; bulk work may take its time. */
function guardOf(config: Config, around: ModelSurroundings, clock: Clock, ledger: BudgetLedger): Guard {
  const { watch } = around;
  const quick = (call: ProviderCall): boolean => call.urgent && call.operation !== "generate";
  return guards(
    limit({ clock, limitsOf: rateLimits(config.rate_limits) }),
    retry({
      clock,
      random: around.random ?? Math.random,
      deadlineMs: (call) => (quick(call) ? 10_000 : call.urgent ? 60_000 : 600_000),
      maxAttempts: (call) => (call.urgent ? 3 : 8),
    }),
    breaker({ clock, ...(watch ? { onChange: watch.circuit } : {}) }),
    ledger.guard,
    ...(watch ? [watched(watch, clock)] : []),
  );
}

type Access = (name: string, facts: ProviderFacts, isWanted: "explicitly" | "if there") => Promise<KeySource | null>;

/** The key of a provider; null when `auto` finds none. */
const accessTo =
  ({ secrets }: ModelSurroundings): Access =>
  async (name, facts, isWanted) => {
    const found = await secrets.get(name);
    if (found === null && isWanted === "explicitly") throw missingKey(facts);
    return found === null ? null : secrets.key(name, () => missingKey(facts));
  };

const split = (setting: string): readonly [kind: string, argument: string | undefined] => {
  const colon = setting.indexOf(":");
  return colon < 0 ? [setting, undefined] : [setting.slice(0, colon), setting.slice(colon + 1) || undefined];
};

async function openEmbedder({ config, around, guard, access, answers, paid }: Kit): Promise<Opened<Embedder> | null> {
  const [kind, model] = split(config.embedder);
  if (kind === "none" || kind === "local") return null;
  const dimensions = config.embedding_dimensions;
  const wrapped = (provider: string, bare: Embedder): Opened<Embedder> => {
    const durable = { caches: answers, scope: around.scope, isKeptInside: true };
    const tenant = () => around.scope().tenant;
    const kept = keepVectors(bare, durable, tenant);
    const guarded = guardEmbedder(paid?.embedder(kept) ?? kept, provider, guard);
    return { provider, port: pack(cacheEmbedder(guarded, { durable, tenant, ...lookups(around, "embeddings") })) };
  };
  if (kind === "openai") {
    const { openaiEmbedder, openaiFacts } = await import("./providers/openai/index.ts");
    const isWanted = config.openai_base_url === undefined ? "explicitly" : "if there";
    const apiKey = (await access("OPENAI_API_KEY", openaiFacts, isWanted)) ?? undefined;
    const options = { apiKey, fetch: around.fetch, baseUrl: config.openai_base_url, model, dimensions };
    return wrapped("openai", openaiEmbedder(options));
  }
  if (kind === "gemini") {
    const { geminiEmbedder, geminiFacts } = await import("./providers/gemini/index.ts");
    const apiKey = (await access("GEMINI_API_KEY", geminiFacts, "explicitly")) ?? undefined;
    const options = { apiKey, fetch: around.fetch, baseUrl: config.gemini_base_url, model, dimensions };
    return wrapped("gemini", geminiEmbedder(options));
  }
  if (kind !== "voyage" && kind !== "auto")
    throw unknownSetting("HYBRIDRAG_EMBEDDER", kind, "auto, local, voyage, openai, gemini or none");
  const { voyageContextualEmbedder, voyageEmbedder, voyageFacts } = await import("./providers/voyage/index.ts");
  const apiKey = await access("VOYAGE_API_KEY", voyageFacts, kind === "voyage" ? "explicitly" : "if there");
  if (apiKey === null) return null;
  const { voyage_base_url: baseUrl, query_embedding_model: queryModel } = config;
  const options = { apiKey, fetch: around.fetch, baseUrl, model, queryModel, dimensions };
  if (model?.startsWith("voyage-context-")) return wrapped("voyage", voyageContextualEmbedder(options));
  return wrapped("voyage", voyageEmbedder(options));
}

async function openReranker({ config, around, guard, access }: Kit): Promise<Opened<Reranker> | null> {
  const [kind, model] = split(config.reranker);
  if (kind === "none") return null;
  if (kind !== "voyage" && kind !== "auto") throw unknownSetting("HYBRIDRAG_RERANKER", kind, "auto, voyage or none");
  const { voyageReranker, voyageFacts } = await import("./providers/voyage/index.ts");
  const apiKey = await access("VOYAGE_API_KEY", voyageFacts, kind === "voyage" ? "explicitly" : "if there");
  if (apiKey === null) return null;
  const bare = voyageReranker({ apiKey, fetch: around.fetch, baseUrl: config.voyage_base_url, model });
  const tenant = () => around.scope().tenant;
  const guarded = guardReranker(bare, "voyage", estimateTokens, guard);
  return { provider: "voyage", port: cacheReranker(guarded, { tenant, ...lookups(around, "rankings") }) };
}

interface LanguageModels {
  readonly model: Opened<LanguageModel> | null;
  readonly assistant: Opened<LanguageModel> | null;
  readonly bulk: BulkObjects | null;
}

const forecastOf =
  (model: LanguageModel, remembered: ObjectCacheOptions): NonNullable<OpenedModels["forecast"]> =>
  (onCall) => {
    const counting: LanguageModel = {
      ...model,
      async generateObject(request) {
        onCall(promptTokens(model, request), request.maxOutputTokens);
        return { value: null, usage: noTokens };
      },
    };
    return cacheObjects(counting, remembered);
  };

async function openLanguageModels(kit: Kit): Promise<LanguageModels> {
  const { config, around, guard, access, answers, paid } = kit;
  const [kind, model] = split(config.language_model);
  if (kind === "none") return { model: null, assistant: null, bulk: null };
  const wrapped = (bare: LanguageModel): Opened<LanguageModel> => {
    const remembered = { caches: answers, scope: around.scope, ...lookups(around, "objects") };
    const kept = keepObjects(bare, remembered);
    const guarded = guardModel(paid?.model(kept) ?? kept, guard);
    return { provider: bare.provider, port: cacheObjects(guarded, remembered) };
  };
  if (kind === "openai") {
    const { openaiFacts, openaiModel } = await import("./providers/openai/index.ts");
    const isWanted = config.openai_base_url === undefined ? "explicitly" : "if there";
    const apiKey = (await access("OPENAI_API_KEY", openaiFacts, isWanted)) ?? undefined;
    const one = wrapped(openaiModel({ apiKey, fetch: around.fetch, baseUrl: config.openai_base_url, model }));
    return { model: one, assistant: one, bulk: null };
  }
  if (kind === "gemini") {
    const { geminiFacts, geminiModel } = await import("./providers/gemini/index.ts");
    const apiKey = (await access("GEMINI_API_KEY", geminiFacts, "explicitly")) ?? undefined;
    const one = wrapped(geminiModel({ apiKey, fetch: around.fetch, baseUrl: config.gemini_base_url, model }));
    return { model: one, assistant: one, bulk: null };
  }
  if (kind !== "anthropic" && kind !== "auto")
    throw unknownSetting("HYBRIDRAG_LANGUAGE_MODEL", kind, "auto, anthropic, openai, gemini or none");
  const { anthropicBatches, anthropicFacts, anthropicModel } = await import("./providers/anthropic/index.ts");
  const wanted = kind === "anthropic" ? "explicitly" : "if there";
  const apiKey = await access("ANTHROPIC_API_KEY", anthropicFacts, wanted);
  if (apiKey === null) return { model: null, assistant: null, bulk: null };
  const options = { apiKey, fetch: around.fetch, baseUrl: config.anthropic_base_url };
  const small = { ...options, model: "claude-haiku-5-5" };
  const assistant = anthropicModel(small);
  return {
    model: wrapped(anthropicModel({ ...options, model })),
    assistant: wrapped(assistant),
    bulk: bulkOf(kit, assistant, anthropicBatches(small)),
  };
}

/** Orders are not repeated as calls are: whether a lost answer was one is asked first. */
function bulkOf({ around, answers, ledger, clock }: Kit, model: LanguageModel, batches: ModelBatches): BulkObjects {
  const random = around.random ?? Math.random;
  const guard = retry({ clock, random, deadlineMs: 600_000, maxAttempts: 8 });
  return bulkObjects({ model, batches, caches: answers, scope: around.scope, ledger, clock, guard });
}

const unknownSetting = (setting: string, kind: string, known: string): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    `${setting} names "${kind}"; it can be ${known}, with a model behind a colon. ` +
      "For a server that speaks OpenAI's protocol take openai:MODEL and set OPENAI_BASE_URL.",
    { details: { setting } },
  );

function cost(prices: PriceTable, opened: Opened<{ readonly model: string }> | null, usage: TokenUsage): number {
  const price = opened === null ? null : priceOf(prices, opened.provider, opened.port.model);
  return price === null ? 0 : costOf(price, usage);
}

/** Tells the watch, where there is one, what a cache held. */
const lookups = ({ watch }: ModelSurroundings, cache: Parameters<ProviderWatch["lookup"]>[0]) =>
  watch === undefined ? {} : { onLookup: ({ hits, misses }: CacheLookup): void => watch.lookup(cache, hits, misses) };

/** The caches of a store that is opened later. */
const lateCaches = (caches: () => CacheStore): CacheStore => ({
  get: (...call) => caches().get(...call),
  set: (...call) => caches().set(...call),
  claim: (...call) => caches().claim(...call),
  increment: (...call) => caches().increment(...call),
  delete: (...call) => caches().delete(...call),
});
