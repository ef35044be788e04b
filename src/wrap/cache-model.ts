import { createHash } from "node:crypto";
import type { CacheStore } from "../ports/cache-store.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import type { Reranker, RerankResult } from "../ports/reranker.ts";
import { LRUCache } from "lru-cache";
import type { Scope } from "../scope.ts";
import type { CacheLookup } from "./cache.ts";
import { singleFlight } from "./single-flight.ts";

/**
 * Remembers structured results (extraction, rewritten questions) in the store, so that a run that is resumed does not
 * pay for them again. Written answers are not remembered: they depend on more than their text.
 */
export function cacheObjects(
  model: LanguageModel,
  options: {
    readonly caches: CacheStore;
    readonly scope: () => Scope;
    readonly ttlMs?: number;
    readonly onLookup?: (lookup: CacheLookup) => void;
  },
): LanguageModel {
  const { caches, scope, ttlMs = 7 * 86_400_000 } = options;
  const noUsage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  return {
    ...model,
    async generateObject(request) {
      const { signal: _, ...content } = request;
      const key = hashOf([model.provider, model.model, content]);
      const known = await caches.get(scope(), "objects", key);
      const isKnown = typeof known === "object" && known !== null && "value" in known;
      options.onLookup?.({ hits: isKnown ? 1 : 0, misses: isKnown ? 0 : 1 });
      if (isKnown) return { value: known.value, usage: noUsage };
      const result = await model.generateObject(request);
      // A store that cannot take it must not cost a result that was paid for.
      await Promise.allSettled([caches.set(scope(), "objects", key, { value: result.value }, ttlMs)]);
      return result;
    },
  };
}

/** Remembers rankings in this process; the same ranking wanted twice at once is computed once. */
export function cacheReranker(
  reranker: Reranker,
  options: {
    readonly maxEntries?: number;
    readonly ttlMs?: number;
    readonly tenant?: () => string;
    readonly onLookup?: (lookup: CacheLookup) => void;
  } = {},
): Reranker {
  const memory = new LRUCache<string, RerankResult>({ max: options.maxEntries ?? 1000, ttl: options.ttlMs ?? 300_000 });
  const flights = singleFlight<RerankResult>();
  return {
    ...reranker,
    async rerank(query, texts, { signal, ...request }) {
      const key = hashOf([reranker.model, options.tenant?.() ?? "", query, texts, request]);
      const known = memory.get(key);
      options.onLookup?.({ hits: known === undefined ? 0 : 1, misses: known === undefined ? 1 : 0 });
      if (known !== undefined) return { ranking: known.ranking, tokens: 0 };
      return flights.run(key, signal, async (shared) => {
        const result = await reranker.rerank(query, texts, { ...request, signal: shared });
        memory.set(key, result);
        return result;
      });
    },
  };
}

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");
