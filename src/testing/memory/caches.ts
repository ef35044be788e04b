import { HybridRAGError } from "../../errors.ts";
import type { CacheStore } from "../../ports/cache-store.ts";
import type { Scope } from "../../scope.ts";
import { enter, frozen, tenantOf, type State } from "./state.ts";

export function memoryCaches(state: State): CacheStore {
  return {
    async get(scope, space, key, options) {
      enter(state, options);
      return live(state, scope, space, key)?.value ?? null;
    },
    async set(scope, space, key, value, ttlMs, options) {
      enter(state, options);
      write(state, scope, space, key, value, ttlMs);
    },
    async claim(scope, space, key, value, ttlMs, options) {
      enter(state, options);
      const standing = live(state, scope, space, key);
      if (standing) return { claimed: false, value: standing.value };
      return { claimed: true, value: write(state, scope, space, key, value, ttlMs) };
    },
    async increment(scope, space, key, by, ttlMs, options) {
      enter(state, options);
      const standing = live(state, scope, space, key);
      const before = standing ? standing.value : 0;
      if (typeof before !== "number") {
        throw new HybridRAGError("invalid_input", "Only a number can be incremented; this key holds something else.");
      }
      if (!standing) write(state, scope, space, key, by, ttlMs);
      else tenantOf(state, scope).caches.set(nameOf(space, key), { ...standing, value: before + by });
      return before + by;
    },
    async delete(scope, space, key, options) {
      enter(state, options);
      return live(state, scope, space, key) !== null && tenantOf(state, scope).caches.delete(nameOf(space, key));
    },
  };
}

const nameOf = (space: string, key: string): string => JSON.stringify([space, key]);

function live(state: State, scope: Scope, space: string, key: string) {
  const entry = tenantOf(state, scope).caches.get(nameOf(space, key));
  return entry && (entry.expiresAt === null || entry.expiresAt > state.now()) ? entry : null;
}

function write(state: State, scope: Scope, space: string, key: string, value: unknown, ttlMs: number | null): unknown {
  const entry = { value: frozen(value), expiresAt: ttlMs === null ? null : state.now() + ttlMs };
  tenantOf(state, scope).caches.set(nameOf(space, key), entry);
  return entry.value;
}
