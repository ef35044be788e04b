import type { Attributes } from "@opentelemetry/api";
import type { ChunkName, ChunkSearch, ChunkSearchResult } from "../ports/chunk-store.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { LanguageModel, TokenUsage } from "../ports/language-model.ts";
import type { Reranker } from "../ports/reranker.ts";
import type { CallOptions, Store } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import { span } from "./span.ts";
import { spanStream } from "./span-stream.ts";

/** US dollars of one call. */
export type CallCost = (usage: TokenUsage) => number;

/**
 * Ports with a span around each call that takes time. Names follow OpenTelemetry's conventions for generative models,
 * which Langfuse reads as well. Only counts and names, never a text.
 */

/** What Langfuse shows as a retriever. */
export const retrieval = { "gen_ai.operation.name": "retrieval", "langfuse.observation.type": "retriever" };

export const observedStore = (store: Store): Store => ({
  ...store,
  chunks: {
    ...store.chunks,
    search: searchSpan(store.engine, store.chunks.search),
    ...(store.chunks.find && { find: searchSpan(store.engine, store.chunks.find) }),
  },
  graph: {
    ...store.graph,
    links: (scope, request, options) =>
      span(
        "store.links",
        { ...retrieval, "db.system.name": store.engine, "hybridrag.seeds": request.seeds.length },
        () => store.graph.links(scope, request, options),
      ),
    hop: (scope, request, options) =>
      span("store.hop", { ...retrieval, "db.system.name": store.engine }, async (active) => {
        const result = await store.graph.hop(scope, request, options);
        active.setAttributes({ "hybridrag.followed": result.closed === null, "hybridrag.found": result.hits.length });
        return result;
      }),
  },
  documents: {
    ...store.documents,
    put: (scope, version, options) =>
      span("store.put", { "db.system.name": store.engine, "hybridrag.chunks": version.chunks.length }, () =>
        store.documents.put(scope, version, options),
      ),
  },
});

const searchSpan =
  <Known extends ChunkName>(
    engine: Store["engine"],
    search: (scope: Scope, request: ChunkSearch, options?: CallOptions) => Promise<ChunkSearchResult<Known>>,
  ): typeof search =>
  (scope, request, options) =>
    span(
      "store.search",
      { ...retrieval, "db.system.name": engine, "hybridrag.candidates": request.candidates },
      async (active) => {
        const found = await search(scope, request, options);
        active.setAttributes({ "hybridrag.found": found.candidates.length, "hybridrag.allowed": found.allowed });
        return found;
      },
    );

const providerOf = (fingerprint: string): string => fingerprint.split(/[/:]/, 1)[0]!;

export const observedEmbedder = (embedder: Embedder, cost: CallCost): Embedder => ({
  ...embedder,
  embed: (texts, request) =>
    span(
      `embeddings ${embedder.model}`,
      {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": providerOf(embedder.fingerprint),
        "gen_ai.request.model": embedder.model,
        "gen_ai.embeddings.dimension.count": embedder.dimensions,
        "langfuse.observation.type": "embedding",
        "langfuse.observation.model.name": embedder.model,
        "hybridrag.texts": texts.length,
      },
      async (active) => {
        const embedded = await embedder.embed(texts, request);
        active.setAttributes(inputAttributes(embedded.tokens, cost));
        return embedded;
      },
    ),
});

export const observedReranker = (reranker: Reranker, cost: CallCost): Reranker => ({
  ...reranker,
  rerank: (query, texts, request) =>
    span(
      `rerank ${reranker.model}`,
      {
        "gen_ai.operation.name": "rerank",
        "gen_ai.request.model": reranker.model,
        "langfuse.observation.type": "retriever",
        "langfuse.observation.model.name": reranker.model,
        "hybridrag.texts": texts.length,
      },
      async (active) => {
        const ranked = await reranker.rerank(query, texts, request);
        active.setAttributes(inputAttributes(ranked.tokens, cost));
        return ranked;
      },
    ),
});

/** Usage and cost stand at the call that made them and nowhere else: Langfuse adds them up. */
function chargedAttributes(usage: TokenUsage, details: Readonly<Record<string, number>>, cost: CallCost): Attributes {
  const total = cost(usage);
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    "hybridrag.cost_usd": total,
    "langfuse.observation.usage_details": JSON.stringify(details),
    "langfuse.observation.cost_details": JSON.stringify({ total }),
  };
}

const inputAttributes = (tokens: number, cost: CallCost): Attributes =>
  chargedAttributes(
    { inputTokens: tokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
    { input: tokens },
    cost,
  );

const usageAttributes = (usage: TokenUsage, cost: CallCost): Attributes =>
  chargedAttributes(
    usage,
    {
      input: usage.inputTokens,
      output: usage.outputTokens,
      cache_read_input_tokens: usage.cacheReadTokens,
      cache_creation_input_tokens: usage.cacheWriteTokens,
    },
    cost,
  );

export function observedModel(model: LanguageModel, cost: CallCost): LanguageModel {
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": model.provider,
    "gen_ai.request.model": model.model,
    "langfuse.observation.type": "generation",
    "langfuse.observation.model.name": model.model,
  };
  return {
    ...model,
    countTokens: (text) => model.countTokens(text),
    stream: (request) =>
      spanStream(
        `chat ${model.model}`,
        attributes,
        () => model.stream(request),
        (part, active) => {
          if (part.type !== "finish") return;
          active.setAttributes({
            ...usageAttributes(part.usage, cost),
            "gen_ai.response.finish_reasons": [part.reason],
          });
        },
      ),
    generateObject: (request) =>
      span(`chat ${model.model}`, attributes, async (active) => {
        const made = await model.generateObject(request);
        active.setAttributes(usageAttributes(made.usage, cost));
        return made;
      }),
  };
}
