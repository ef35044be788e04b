import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Store } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import type { CacheLookup } from "./cache.ts";
import { singleFlight } from "./single-flight.ts";

export interface SearchCacheOptions<T> {
  readonly maxEntries?: number;
  readonly ttlMs: number;
  /** Of what the tenant's searches find: another after every change. */
  readonly revision: (tenant: string) => number;
  /** Who embeds and who ranks. */
  readonly models: readonly string[];
  /** What is worth remembering: not what was found while a leg was down. */
  readonly isWhole: (found: T) => boolean;
  readonly onLookup?: (lookup: CacheLookup) => void;
}

export interface SearchCache<T> {
  /** @param asked the request and all settings that bear on it, as data. */
  find(
    scope: Scope,
    asked: unknown,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly found: T; readonly isKnown: boolean }>;
}

/**
 * Remembers what searches found by tenant, access, request, settings, models and the revision of what is searched, so
 * that nobody is told what he may not read or what is no more. The same search wanted twice at once is made once.
 */
export function searchCache<T extends object>(options: SearchCacheOptions<T>): SearchCache<T> {
  const { maxEntries = 1000, ttlMs, revision, models, isWhole, onLookup } = options;
  const memory = new LRUCache<string, T>({ max: maxEntries, ttl: ttlMs });
  const flights = singleFlight<T>();
  return {
    async find({ tenant, principals }, asked, signal, work) {
      const key = keyOf([tenant, principals, asked, models, revision(tenant)]);
      const known = memory.get(key);
      onLookup?.({ hits: known === undefined ? 0 : 1, misses: known === undefined ? 1 : 0 });
      if (known !== undefined) return { found: known, isKnown: true };
      const found = await flights.run(key, signal, async (shared) => {
        const fresh = await work(shared);
        if (isWhole(fresh)) memory.set(key, fresh);
        return fresh;
      });
      return { found, isKnown: false };
    },
  };
}

const keyOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");

/**
 * A store that counts what it changes, before and after, for each tenant. That says when a search may find something
 * else only where nobody else writes and a search sees every write: null elsewhere.
 */
export function countingChanges(
  store: Store,
): { readonly store: Store; readonly revision: (tenant: string) => number } | null {
  const { readYourWrites, manyWriters = false, readOnly } = store.capabilities();
  if (!readYourWrites || manyWriters || readOnly) return null;
  const changes = new Map<string, number>();
  const revision = (tenant: string): number => changes.get(tenant) ?? 0;
  const count = ({ tenant }: Scope): void => void changes.set(tenant, revision(tenant) + 1);
  const counted =
    <A extends readonly unknown[], R>(work: (scope: Scope, ...rest: A) => Promise<R>) =>
    async (scope: Scope, ...rest: A): Promise<R> => {
      count(scope);
      try {
        return await work(scope, ...rest);
      } finally {
        count(scope);
      }
    };
  const { documents, graph } = store;
  return {
    revision,
    store: {
      ...store,
      documents: {
        ...documents,
        put: counted(documents.put),
        delete: counted(documents.delete),
        restore: counted(documents.restore),
      },
      graph: { ...graph, edit: counted(graph.edit) },
    },
  };
}
