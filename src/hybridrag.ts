import type { Analyzer } from "./text/analyze.ts";
import { collectionCommunities } from "./graph/collection-communities.ts";
import { communityThread } from "./graph/community-thread.ts";
import { modelCommunitySummary } from "./graph/community-summary.ts";
import { graphEditor, type GraphEditor } from "./graph/edit-graph.ts";
import { estimateCost, type IngestEstimate, type Reading } from "./estimate-cost.ts";
import { estimateIngest } from "./ingest/estimate-ingest.ts";
import { extractInBulk } from "./ingest/extract-in-bulk.ts";
import { ingest, type IngestOptions } from "./ingest/ingest.ts";
import type { IngestEvent } from "./ingest/ingest-events.ts";
import type { LoadPool } from "./ingest/load/load-pool.ts";
import type { IngestSource } from "./ingest/sources.ts";
import { messageOf } from "./errors.ts";
import { conversations, type Conversations } from "./memory/conversation.ts";
import type { Filter } from "./filter/filter.ts";
import { modelSummary } from "./memory/model-summary.ts";
import { earlierTurns } from "./memory/turns/earlier-turns.ts";
import { turnRecall, type TurnRecall } from "./memory/turns/recall-turns.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { Extractor } from "./ports/extractor.ts";
import type { Reranker } from "./ports/reranker.ts";
import type { SessionStore } from "./ports/session-store.ts";
import type { Store } from "./ports/store.ts";
import type { AnswerEvent } from "./query/answer/answer-event.ts";
import type { AnswerConstants } from "./query/answer/constants.ts";
import { extractAnswer, type AnswerPorts } from "./query/answer/extract-answer.ts";
import { type CollectionThemes, collectionThemes } from "./query/collection-themes.ts";
import { condense } from "./query/condense.ts";
import { withDeadline } from "./query/deadline.ts";
import { modelAnswer, type ModelAnswerPorts } from "./query/model-answer/model-answer.ts";
import { graphLeg } from "./query/graph-leg.ts";
import type { QuerySettings } from "./query/plan.ts";
import { parseQueryRequest, type QueryRequest } from "./query/query-request.ts";
import { search, type SearchResponse } from "./query/search.ts";
import type { Message, Warning } from "./records.ts";
import type { Scope } from "./scope.ts";
import type { PageFetcher } from "./ports/page-fetcher.ts";
import type { BudgetLedger } from "./wrap/budget.ts";
import type { SearchCache } from "./wrap/cache-search.ts";
import type { PaidCalls } from "./wrap/courier/paid-calls.ts";
import { ownSessions } from "./wrap/own-sessions.ts";
import { tenantContext, type TenantContext } from "./wrap/tenant-context.ts";
import { listPrices, type PriceTable } from "./wrap/prices.ts";

export type { IngestEstimate, Reading } from "./estimate-cost.ts";

/** The object users hold. It owns its parts: `close` closes them all. */
export interface HybridRAG {
  readonly store: Store;
  readonly embedder: Embedder | null;
  /** Conversations, each its owner's. */
  readonly sessions: SessionStore;
  readonly conversations: Conversations;
  /** What was said in a conversation, found by a question. */
  readonly turns: TurnRecall;
  /** What people change about the graph by hand. */
  readonly graph: GraphEditor;
  /** What the collection is about: its largest communities with the sentences that say most about them. */
  themes(scope: Scope, request?: ThemesOptions): Promise<CollectionThemes>;
  /** For pipelines of one's own, and for evaluation. */
  readonly ports: AnswerPorts;
  readonly settings: QuerySettings;
  /** What is missing or degraded for every call, such as "lexical only". */
  readonly notices: readonly Warning[];
  /** What an ingest of these sources would take; nothing is spent or written. Unchanged documents cost nothing. */
  estimate(scope: Scope, sources: readonly IngestSource[], options: IngestRunOptions): Promise<IngestEstimate>;
  /** Reads, chunks, embeds and stores; reports what became of each document. */
  ingest(scope: Scope, sources: readonly IngestSource[], options: IngestRunOptions): AsyncIterable<IngestEvent>;
  /**
   * @param request in the form of `QueryRequest` over HTTP; it is checked here.
   * @throws HybridRAGError `invalid_input`, `invalid_filter`; when every leg failed; `deadline_exceeded`.
   */
  search(scope: Scope, request: unknown, options?: QueryOptions): Promise<SearchResponse>;
  /** One stream of events that ends with `end`; throws as `search` does. Nothing is written before it has ended. */
  ask(scope: Scope, request: unknown, options?: QueryOptions): AsyncIterable<AnswerEvent>;
  /**
   * Resolves once search shows everything that was ingested here: at once on the embedded engine.
   * @throws HybridRAGError `not_ready` when the time is over.
   */
  settle(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  close(): Promise<void>;
}

export interface ThemesOptions {
  readonly filter?: Filter | null;
  /** Communities that are described; 10 by default. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface QueryOptions {
  readonly signal?: AbortSignal;
  /** Over the settings the object was opened with. */
  readonly settings?: Partial<QuerySettings>;
  /** What was said before, oldest first, where the caller keeps the conversation; `session_id` wins. */
  readonly history?: readonly Pick<Message, "role" | "content">[];
  /** What an agent remembers that may bear on the question, most useful first; a writing model is given it. */
  readonly memories?: readonly string[];
}

export interface Parts {
  readonly store: Store;
  readonly embedder: Embedder | null;
  readonly reranker: Reranker | null;
  /** Writes answers; null: they are extracted. */
  readonly writer?: Pick<ModelAnswerPorts, "model" | "rewriter" | "costOf"> | null;
  /** Whether the small model summarises the communities of mode global; default: their sentences do. */
  readonly communitySummaries?: "quotes" | "model";
  /** Tells budgets and caches whom a call is for. */
  readonly tenants?: TenantContext;
  /** For estimates. */
  readonly prices?: PriceTable;
  readonly extractor: Extractor | null;
  /** The model that the extractor asks, where it asks one. */
  readonly reading?: Reading;
  /** Remembers what searches found; null: each is made. */
  readonly searches?: SearchCache<SearchResponse> | null;
  /** What earlier processes have paid for, and this one's calls that outlive it. */
  readonly paidCalls?: Pick<PaidCalls, "earlier" | "notices" | "close"> | null;
  /** Where paid calls are booked behind the answers. */
  readonly books?: Pick<BudgetLedger, "booked">;
  readonly pool: LoadPool;
  /** Absent: addresses are not ingested. */
  readonly fetchPage?: PageFetcher;
  readonly chunker: NonNullable<IngestOptions["chunker"]>;
  readonly analyzer: Analyzer;
  readonly constants: AnswerConstants;
  readonly query: QuerySettings;
  readonly sessions: { readonly ttlMs: number; readonly historyTokens: number; readonly summaryTokens: number };
  /** What an assistant's turn counts of a user's when a conversation is searched, 0 to 1; .6 by default. */
  readonly assistantTurnWeight?: number;
  readonly notices: readonly Warning[];
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

/** `batches`: "always", or "never", whatever the settings say. */
export type IngestRunOptions = Omit<IngestOptions, "scope"> & { readonly batches?: "always" | "never" };

export function createHybridRAG(parts: Parts): HybridRAG {
  const { store, embedder, analyzer } = parts;
  const work = backgroundWork();
  const tenants = parts.tenants ?? tenantContext();
  const summarizer = parts.communitySummaries === "model" ? parts.writer?.rewriter : null;
  const thread = communityThread();
  const collection = collectionCommunities(store.graph, thread);
  const ports: AnswerPorts = {
    analyzer,
    constants: parts.constants,
    store,
    embedder,
    reranker: parts.reranker,
    graph: graphLeg(store, (text) => analyzer.analyze(text)),
    collection,
    ...(summarizer ? { communitySummary: modelCommunitySummary(summarizer) } : {}),
    now: parts.now,
    background: work.start,
  };
  const closing = new AbortController();
  const owned = ownSessions(store.sessions);
  const turns = turnRecall({
    sessions: owned,
    embedder,
    analyzer,
    now: parts.now,
    assistantWeight: parts.assistantTurnWeight,
  });
  const prepareSoon = (scope: Scope, sessionId: string): Promise<void> =>
    tenants.run(scope, () => turns.prepare(scope, sessionId, { signal: closing.signal }));
  const sessions: SessionStore = {
    ...owned,
    append: async (scope, sessionId, messages, options) => {
      const added = await owned.append(scope, sessionId, messages, options);
      work.start(() => prepareSoon(scope, sessionId));
      return added;
    },
  };
  const talks = conversations({
    sessions: owned,
    settings: parts.sessions,
    countTokens: (text) => embedder?.countTokens(text) ?? Math.ceil(text.length / 4),
    analyze: (text) => analyzer.analyze(text),
    ...(parts.writer?.rewriter ? { summarize: modelSummary(parts.writer.rewriter) } : {}),
  });
  const settingsOf = (options?: QueryOptions): QuerySettings => ({ ...parts.query, ...options?.settings });

  async function searchOrRemember(
    scope: Scope,
    request: QueryRequest,
    settings: QuerySettings,
    signal: AbortSignal | undefined,
  ): Promise<SearchResponse> {
    const { searches } = parts;
    if (!searches) return search(ports, scope, request, settings, signal);
    const started = parts.now();
    const work = (shared: AbortSignal): Promise<SearchResponse> => search(ports, scope, request, settings, shared);
    const { found, isKnown } = await searches.find(scope, [request, settings], signal, work);
    return isKnown ? { ...found, timings_ms: { ...remembered, total: parts.now() - started } } : found;
  }

  async function* ask(scope: Scope, input: unknown, options?: QueryOptions): AsyncGenerator<AnswerEvent, void> {
    const request = parseQueryRequest(input);
    let answer = "";
    for await (const event of answerEvents(scope, request, options ?? {})) {
      if (event.type === "text-delta") answer += event.text;
      if (event.type === "end") {
        const warning = await remember(scope, request, answer, options?.signal);
        if (warning) yield { type: "warning", warning };
      }
      yield event;
      if (event.type === "sources") for (const warning of parts.notices) yield { type: "warning", warning };
    }
  }

  async function* answerEvents(
    scope: Scope,
    request: QueryRequest,
    options: QueryOptions,
  ): AsyncGenerator<AnswerEvent, void> {
    const { signal, history: said = [] } = options;
    const settings = settingsOf(options);
    const history = request.session_id === null ? null : await talks.recall(scope, request.session_id, { signal });
    const context = {
      messages: history?.messages ?? said,
      summary: history?.summary ?? "",
      memories: options.memories ?? [],
    };
    if (parts.writer) {
      const { recalled, warnings } = await earlierTurns(turns, scope, history, request.query, { signal });
      const asked = { context: { ...context, recalled }, signal };
      for await (const event of modelAnswer({ ...ports, ...parts.writer }, scope, request, settings, asked)) {
        yield event;
        if (event.type === "sources") for (const warning of warnings) yield { type: "warning", warning };
      }
      return;
    }
    const { question } = await condense(null, request.query, context, signal);
    for await (const event of extractAnswer(ports, scope, { ...request, query: question }, settings, signal))
      yield event.type === "sources" ? { ...event, question: request.query } : event;
  }

  /** While a conversation fits beside its next question, nothing of it has to be recalled, and no embedder is paid for it. */
  const foldAndPrepare = async (scope: Scope, sessionId: string): Promise<void> => {
    await talks.fold(scope, sessionId);
    const session = await owned.get(scope, sessionId);
    if (session && session.summarized_to > 0) await prepareSoon(scope, sessionId);
  };

  /** An answer that was given is not taken back because its exchange could not be written down: the reader is told. */
  const remember = async (
    scope: Scope,
    { session_id: sessionId, query: question }: QueryRequest,
    answer: string,
    signal?: AbortSignal,
  ): Promise<Warning | null> => {
    if (sessionId === null) return null;
    try {
      await talks.record(scope, sessionId, { question, answer }, { signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      const message = `This exchange was not kept in the session ${sessionId}: ${messageOf(error)}`;
      return { code: "session_not_written", message };
    }
    work.start(() => foldAndPrepare(scope, sessionId));
    return null;
  };

  const { extractor, pool, fetchPage, now } = parts;
  const dependencies = { store, embedder, extractor, pool, fetchPage, now };

  async function* ingestAll(
    sources: readonly IngestSource[],
    { batches, ...options }: IngestRunOptions & { readonly scope: Scope },
  ): AsyncGenerator<IngestEvent, void> {
    const { paidCalls } = parts;
    if (paidCalls) yield* told(paidCalls.earlier(options.signal), options.signal);
    const reading = readingBy(parts.reading, batches);
    if (reading?.bulk) yield* extractInBulk(sources, dependencies, options, { ...reading, bulk: reading.bulk });
    for await (const event of ingest(sources, dependencies, options)) {
      if (event.type === "summary")
        for (const warning of paidCalls?.notices() ?? []) yield { type: "warning", warning };
      yield event;
    }
  }

  return {
    store,
    embedder,
    sessions,
    conversations: talks,
    turns: {
      prepare: (scope, sessionId, options) => tenants.run(scope, () => turns.prepare(scope, sessionId, options)),
      search: (scope, sessionId, request, options) =>
        tenants.run(scope, () => turns.search(scope, sessionId, request, options)),
    },
    graph: graphEditor(store),
    themes: (scope, { filter = null, limit = 10, signal } = {}) => {
      const request = { filter, limit, deadline_ms: parts.query.query_timeout_ms };
      return tenants.run(scope, () =>
        withDeadline(request.deadline_ms, signal, (ends) =>
          collectionThemes({ ...ports, collection }, scope, request, ends),
        ),
      );
    },
    ports,
    settings: parts.query,
    notices: parts.notices,
    ask: (scope, input, options) => tenants.stream(scope, () => ask(scope, input, options)),
    search: async (scope, input, options) => {
      const request = parseQueryRequest(input);
      const found = await tenants.run(scope, () =>
        searchOrRemember(scope, request, settingsOf(options), options?.signal),
      );
      return { ...found, warnings: [...parts.notices, ...found.warnings] };
    },
    estimate: (scope, sources, { batches, ...options }) => {
      const ingestOptions = { chunker: parts.chunker, ...options, scope };
      const priced = { prices: parts.prices ?? listPrices, embedder, reading: readingBy(parts.reading, batches) };
      return tenants.run(scope, () =>
        estimateCost(priced, (reader) => estimateIngest(sources, dependencies, ingestOptions, reader)),
      );
    },
    ingest: (scope, sources, options) =>
      tenants.stream(scope, () => ingestAll(sources, { chunker: parts.chunker, ...options, scope }), "ingest"),
    settle: (options) => store.settle(options),
    close: async () => {
      closing.abort();
      await Promise.all([work.settled(), parts.books?.booked()]);
      await Promise.all([
        parts.paidCalls?.close(),
        store.close(),
        thread.close(),
        embedder?.close(),
        parts.extractor?.close(),
        parts.pool.close(),
      ]);
    },
  };
}

/** Who cancels is told so by the ingest that follows. */
async function* told(warnings: AsyncIterable<Warning>, signal?: AbortSignal): AsyncGenerator<IngestEvent, void> {
  try {
    for await (const warning of warnings) yield { type: "warning", warning };
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** Nothing was embedded, searched, fused or ranked. */
const remembered: SearchResponse["timings_ms"] = {
  embed: 0,
  search: 0,
  vector: null,
  text: null,
  fuse: 0,
  graph: null,
  rerank: null,
  total: 0,
};

const readingBy = (reading: Reading | undefined, batches: IngestRunOptions["batches"]): Reading | undefined =>
  reading && { ...reading, ...(batches === "always" ? { above: 0 } : batches === "never" ? { bulk: null } : {}) };

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
