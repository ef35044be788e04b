import type { Embedder } from "../ports/embedder.ts";
import type { LanguageModel, TokenUsage } from "../ports/language-model.ts";
import type { Reranker } from "../ports/reranker.ts";
import type { Store } from "../ports/store.ts";
import { span } from "./span.ts";
import { spanStream } from "./span-stream.ts";

/**
 * Ports with a span around each call that takes time. Names follow OpenTelemetry's conventions for generative models,
 * which Langfuse reads as well. Only counts and names, never a text.
 */

export const observedStore = (store: Store): Store => ({
  ...store,
  chunks: {
    ...store.chunks,
    search: (scope, request, options) =>
      span(
        "store.search",
        { "db.system.name": store.engine, "hybridrag.candidates": request.candidates },
        async (active) => {
          const found = await store.chunks.search(scope, request, options);
          active.setAttributes({ "hybridrag.found": found.candidates.length, "hybridrag.allowed": found.allowed });
          return found;
        },
      ),
  },
  graph: {
    ...store.graph,
    links: (scope, request, options) =>
      span("store.links", { "db.system.name": store.engine, "hybridrag.seeds": request.seeds.length }, () =>
        store.graph.links(scope, request, options),
      ),
  },
  documents: {
    ...store.documents,
    put: (scope, version, options) =>
      span("store.put", { "db.system.name": store.engine, "hybridrag.chunks": version.chunks.length }, () =>
        store.documents.put(scope, version, options),
      ),
  },
});

const providerOf = (fingerprint: string): string => fingerprint.split(/[/:]/, 1)[0]!;

export const observedEmbedder = (embedder: Embedder): Embedder => ({
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
        "hybridrag.texts": texts.length,
      },
      async (active) => {
        const embedded = await embedder.embed(texts, request);
        active.setAttribute("gen_ai.usage.input_tokens", embedded.tokens);
        return embedded;
      },
    ),
});

export const observedReranker = (reranker: Reranker): Reranker => ({
  ...reranker,
  rerank: (query, texts, request) =>
    span(
      `rerank ${reranker.model}`,
      {
        "gen_ai.operation.name": "rerank",
        "gen_ai.request.model": reranker.model,
        "langfuse.observation.type": "span",
        "hybridrag.texts": texts.length,
      },
      async (active) => {
        const ranked = await reranker.rerank(query, texts, request);
        active.setAttribute("gen_ai.usage.input_tokens", ranked.tokens);
        return ranked;
      },
    ),
});

const usageAttributes = (usage: TokenUsage) => ({
  "gen_ai.usage.input_tokens": usage.inputTokens,
  "gen_ai.usage.output_tokens": usage.outputTokens,
  "langfuse.observation.usage_details": JSON.stringify({
    input: usage.inputTokens,
    output: usage.outputTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
  }),
});

export function observedModel(model: LanguageModel): LanguageModel {
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
          active.setAttributes({ ...usageAttributes(part.usage), "gen_ai.response.finish_reasons": [part.reason] });
        },
      ),
    generateObject: (request) =>
      span(`chat ${model.model}`, attributes, async (active) => {
        const made = await model.generateObject(request);
        active.setAttributes(usageAttributes(made.usage));
        return made;
      }),
  };
}
