import { HybridRAGError } from "../errors.ts";
import type { CacheStore } from "../ports/cache-store.ts";

/**
 * Values of this process alone: for a store that was opened for reading, which cannot take them. What a run has spent
 * is then counted for this run only.
 */
export function localCaches(now: () => number): CacheStore {
  const entries = new Map<string, { readonly value: unknown; readonly until: number }>();
  const keyOf = (tenant: string, space: string, key: string): string => JSON.stringify([tenant, space, key]);
  const live = (key: string): unknown => {
    const entry = entries.get(key);
    return entry !== undefined && entry.until > now() ? entry.value : null;
  };
  const put = (key: string, value: unknown, ttlMs: number | null): void =>
    void entries.set(key, { value, until: ttlMs === null ? Number.POSITIVE_INFINITY : now() + ttlMs });
  return {
    get: async ({ tenant }, space, key) => live(keyOf(tenant, space, key)),
    set: async ({ tenant }, space, key, value, ttlMs) => put(keyOf(tenant, space, key), value, ttlMs),
    async claim({ tenant }, space, key, value, ttlMs) {
      const standing = live(keyOf(tenant, space, key));
      if (standing !== null) return { claimed: false, value: standing };
      put(keyOf(tenant, space, key), value, ttlMs);
      return { claimed: true, value };
    },
    async increment({ tenant }, space, key, by, ttlMs) {
      const name = keyOf(tenant, space, key);
      const standing = live(name) ?? 0;
      if (typeof standing !== "number")
        throw new HybridRAGError("invalid_input", "Only a number can be incremented; this key holds something else.");
      const entry = entries.get(name);
      if (entry !== undefined && live(name) !== null) entries.set(name, { value: standing + by, until: entry.until });
      else put(name, by, ttlMs);
      return standing + by;
    },
    delete: async ({ tenant }, space, key) => {
      const name = keyOf(tenant, space, key);
      return live(name) !== null && entries.delete(name);
    },
  };
}
