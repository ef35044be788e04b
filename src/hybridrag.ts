import type { Analyzer } from "./text/analyze.ts";
import { estimateIngest, type IngestWork } from "./ingest/estimate-ingest.ts";
import { ingest, type IngestOptions } from "./ingest/ingest.ts";
import type { IngestEvent } from "./ingest/ingest-events.ts";
import type { LoadPool } from "./ingest/load/load-pool.ts";
import type { IngestSource } from "./ingest/sources.ts";
import { conversations, type Conversations } from "./memory/conversation.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { Extractor } from "./ports/extractor.ts";
import type { Reranker } from "./ports/reranker.ts";
import type { Store } from "./ports/store.ts";
import type { AnswerEvent } from "./query/answer/answer-event.ts";
import type { AnswerConstants } from "./query/answer/constants.ts";
import { extractAnswer, type AnswerPorts } from "./query/answer/extract-answer.ts";
import { condense } from "./query/condense.ts";
import { modelAnswer, type ModelAnswerPorts } from "./query/model-answer/model-answer.ts";
import { hopStage } from "./query/hop-stage.ts";
import type { QuerySettings } from "./query/plan.ts";
import { parseQueryRequest, type QueryRequest } from "./query/query-request.ts";
import { search, type SearchResponse } from "./query/search.ts";
import type { Warning } from "./records.ts";
import type { Scope } from "./scope.ts";
import { costOf, listPrices, priceOf, type PriceTable } from "./wrap/prices.ts";

/** The object users hold. It owns its parts: `close` closes them all. */
export interface HybridRAG {
  readonly store: Store;
  readonly embedder: Embedder | null;
  readonly conversations: Conversations;
  /** For pipelines of one's own, and for evaluation. */
  readonly ports: AnswerPorts;
  readonly settings: QuerySettings;
  /** What is missing or degraded for every call, such as "lexical only". */
  readonly notices: readonly Warning[];
  /** What an ingest of these sources would take; nothing is spent or written. Unchanged documents cost nothing. */
  estimate(
    scope: Scope,
    sources: readonly IngestSource[],
    options: Omit<IngestOptions, "scope">,
  ): Promise<IngestEstimate>;
  /** Reads, chunks, embeds and stores; reports what became of each document. */
  ingest(
    scope: Scope,
    sources: readonly IngestSource[],
    options: Omit<IngestOptions, "scope">,
  ): AsyncIterable<IngestEvent>;
  /**
   * @param request in the form of `QueryRequest` over HTTP; it is checked here.
   * @throws HybridRAGError `invalid_input`, `invalid_filter`; when every leg failed; `deadline_exceeded`.
   */
  search(scope: Scope, request: unknown, options?: QueryOptions): Promise<SearchResponse>;
  /** One stream of events that ends with `end`; throws as `search` does. Nothing is written before it has ended. */
  ask(scope: Scope, request: unknown, options?: QueryOptions): AsyncIterable<AnswerEvent>;
  close(): Promise<void>;
}

export interface QueryOptions {
  readonly signal?: AbortSignal;
  /** Over the settings the object was opened with. */
  readonly settings?: Partial<QuerySettings>;
}

export interface Parts {
  readonly store: Store;
  readonly embedder: Embedder | null;
  readonly reranker: Reranker | null;
  /** Writes answers; null: they are extracted. */
  readonly writer?: Pick<ModelAnswerPorts, "model" | "rewriter" | "costOf"> | null;
  /** For estimates. */
  readonly prices?: PriceTable;
  readonly extractor: Extractor | null;
  readonly pool: LoadPool;
  readonly chunker: NonNullable<IngestOptions["chunker"]>;
  readonly analyzer: Analyzer;
  readonly constants: AnswerConstants;
  readonly query: QuerySettings;
  readonly sessions: { readonly ttlMs: number; readonly historyTokens: number; readonly summaryTokens: number };
  readonly notices: readonly Warning[];
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

export function createHybridRAG(parts: Parts): HybridRAG {
  const { store, embedder, analyzer } = parts;
  const work = backgroundWork();
  const ports: AnswerPorts = {
    analyzer,
    constants: parts.constants,
    store,
    embedder,
    reranker: parts.reranker,
    graph: hopStage(store, (text) => analyzer.analyze(text)),
    now: parts.now,
    background: work.start,
  };
  const talks = conversations({
    sessions: store.sessions,
    settings: parts.sessions,
    countTokens: (text) => embedder?.countTokens(text) ?? Math.ceil(text.length / 4),
    analyze: (text) => analyzer.analyze(text),
  });
  const settingsOf = (options?: QueryOptions): QuerySettings => ({ ...parts.query, ...options?.settings });

  async function* ask(scope: Scope, input: unknown, options?: QueryOptions): AsyncGenerator<AnswerEvent, void> {
    const request = parseQueryRequest(input);
    const events = answerEvents(scope, request, settingsOf(options), options?.signal);
    let answer = "";
    for await (const event of events) {
      if (event.type === "text-delta") answer += event.text;
      if (event.type === "end") await remember(scope, request, answer, options?.signal);
      yield event;
    }
  }

  async function* answerEvents(
    scope: Scope,
    request: QueryRequest,
    settings: QuerySettings,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<AnswerEvent, void> {
    const history = request.session_id === null ? null : await talks.recall(scope, request.session_id, { signal });
    const context = { messages: history?.messages ?? [], summary: history?.summary ?? "", memories: [] };
    if (parts.writer)
      return yield* modelAnswer({ ...ports, ...parts.writer }, scope, request, settings, { context, signal });
    const { question } = await condense(null, request.query, context, signal);
    for await (const event of extractAnswer(ports, scope, { ...request, query: question }, settings, signal))
      yield event.type === "sources" ? { ...event, question: request.query } : event;
  }

  const remember = async (scope: Scope, request: QueryRequest, answer: string, signal?: AbortSignal): Promise<void> => {
    if (request.session_id === null) return;
    await talks.record(scope, request.session_id, { question: request.query, answer }, { signal });
  };

  return {
    store,
    embedder,
    conversations: talks,
    ports,
    settings: parts.query,
    notices: parts.notices,
    ask,
    search: async (scope, input, options) => {
      const found = await search(ports, scope, parseQueryRequest(input), settingsOf(options), options?.signal);
      return { ...found, warnings: [...parts.notices, ...found.warnings] };
    },
    estimate: async (scope, sources, options) => {
      const dependencies = { store, embedder, extractor: parts.extractor, pool: parts.pool, now: parts.now };
      const work = await estimateIngest(sources, dependencies, { chunker: parts.chunker, ...options, scope });
      const provider = embedder?.fingerprint.split("/", 1)[0] ?? "none";
      return { ...work, ...moneyOf(parts.prices ?? listPrices, provider, embedder?.model ?? "none", work.tokens) };
    },
    ingest: (scope, sources, options) =>
      ingest(
        sources,
        { store, embedder, extractor: parts.extractor, pool: parts.pool, now: parts.now },
        { chunker: parts.chunker, ...options, scope },
      ),
    close: async () => {
      await work.settled();
      await Promise.all([store.close(), embedder?.close(), parts.extractor?.close(), parts.pool.close()]);
    },
  };
}

export interface IngestEstimate extends IngestWork {
  /** US dollars; null when no price of the model is known. */
  readonly cost_usd: number | null;
  /** The day of the price list. */
  readonly prices_of: string;
}

function moneyOf(prices: PriceTable, provider: string, model: string, tokens: number) {
  const isFree = provider === "local" || provider === "none";
  const price = isFree ? { input: 0 } : priceOf(prices, provider, model);
  const usage = { inputTokens: tokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  return { cost_usd: price === null ? null : costOf(price, usage), prices_of: prices.date };
}

/** Work that no answer waits for, and that `close` does. A failure of it costs nobody anything. */
function backgroundWork() {
  const running = new Set<Promise<void>>();
  return {
    start: (work: () => Promise<void>): void => {
      const task = work()
        .catch(() => undefined)
        .finally(() => running.delete(task));
      running.add(task);
    },
    settled: async (): Promise<void> => {
      await Promise.all(running);
    },
  };
}
