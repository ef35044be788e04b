import { createHash } from "node:crypto";
import type { CacheStore } from "../ports/cache-store.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import type { Reranker, RerankResult } from "../ports/reranker.ts";
import { LRUCache } from "lru-cache";
import type { Scope } from "../scope.ts";
import type { CacheLookup } from "./cache.ts";
import { singleFlight } from "./single-flight.ts";
import { noTokens } from "../ports/token-usage.ts";

export interface ObjectCacheOptions {
  readonly caches: CacheStore;
  readonly scope: () => Scope;
  readonly ttlMs?: number;
  readonly onLookup?: (lookup: CacheLookup) => void;
}

/**
 * Finds structured results (extraction, rewritten questions) that `keepObjects` stored, so that a run that is resumed
 * does not pay for them again. Written answers are not remembered: they depend on more than their text.
 */
export function cacheObjects(model: LanguageModel, options: ObjectCacheOptions): LanguageModel {
  const { caches, scope } = options;
  return {
    ...model,
    async generateObject(request) {
      const known = await knownObject(caches, scope(), objectKey(model, request));
      options.onLookup?.({ hits: known === null ? 0 : 1, misses: known === null ? 1 : 0 });
      if (known !== null) return { value: known.value, usage: noTokens };
      return model.generateObject(request);
    },
  };
}

/**
 * Stores structured results in the moment in which they are answered, before a budget or a limit around the model
 * waits for anything. `cacheObjects` reads them.
 */
export function keepObjects(model: LanguageModel, options: ObjectCacheOptions): LanguageModel {
  const { caches, scope, ttlMs } = options;
  return {
    ...model,
    async generateObject(request) {
      const result = await model.generateObject(request);
      // A store that cannot take it must not cost a result that was paid for.
      await Promise.allSettled([rememberObject(caches, scope(), objectKey(model, request), result.value, ttlMs)]);
      return result;
    },
  };
}

const objectSpace = "objects";

export async function knownObject(
  caches: CacheStore,
  scope: Scope,
  key: string,
): Promise<{ readonly value: unknown } | null> {
  const known = await caches.get(scope, objectSpace, key);
  return typeof known === "object" && known !== null && "value" in known ? { value: known.value } : null;
}

export const rememberObject = (
  caches: CacheStore,
  scope: Scope,
  key: string,
  value: unknown,
  ttlMs = 7 * 86_400_000,
): Promise<void> => caches.set(scope, objectSpace, key, { value }, ttlMs);

/** Who answers, and everything that is asked; a hash in base64url. */
export function objectKey(model: Pick<LanguageModel, "provider" | "model">, request: ObjectRequest): string {
  const { signal: _, ...content } = request;
  return hashOf([model.provider, model.model, content]);
}

export type ObjectRequest = Parameters<LanguageModel["generateObject"]>[0];

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
