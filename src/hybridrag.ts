import type { Analyzer } from "./text/analyze.ts";
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
import { extractAnswer } from "./query/answer/extract-answer.ts";
import { hopStage } from "./query/hop-stage.ts";
import type { QuerySettings } from "./query/plan.ts";
import { parseQueryRequest, type QueryRequest } from "./query/query-request.ts";
import type { QueryPorts } from "./query/query-ports.ts";
import { search, type SearchResponse } from "./query/search.ts";
import type { Warning } from "./records.ts";
import type { Scope } from "./scope.ts";

/** The object users hold. It owns its parts: `close` closes them all. */
export interface HybridRAG {
  readonly store: Store;
  readonly embedder: Embedder | null;
  readonly conversations: Conversations;
  /** For pipelines of one's own, and for evaluation. */
  readonly ports: QueryPorts;
  readonly settings: QuerySettings;
  /** What is missing or degraded for every call, such as "lexical only". */
  readonly notices: readonly Warning[];
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
  const ports: QueryPorts = {
    store,
    embedder,
    reranker: parts.reranker,
    graph: hopStage(store.graph, (text) => analyzer.analyze(text)),
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
    const events = extractAnswer(
      { ...ports, analyzer, constants: parts.constants },
      scope,
      request,
      settingsOf(options),
      options?.signal,
    );
    let answer = "";
    for await (const event of events) {
      if (event.type === "text-delta") answer += event.text;
      if (event.type === "end") await remember(scope, request, answer, options?.signal);
      yield event;
    }
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
