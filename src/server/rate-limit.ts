import { HybridRAGError } from "../errors.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { Principal } from "./api-key.ts";

const windowMs = 60_000;

export interface RateLimitSettings {
  /** Undefined: no limit. */
  readonly perKeyPerMinute: number | undefined;
  readonly perTenantPerMinute: number | undefined;
}

export type RateLimiter = (principal: Principal) => Promise<void>;

/**
 * Counts requests in windows of one minute, per key and per tenant. Several servers share the counts through the
 * store; one server alone counts in memory, where a request costs nothing.
 *
 * @throws HybridRAGError `rate_limited` with `retry_after_ms`.
 */
export function rateLimiter(settings: RateLimitSettings, now: () => number, shared: CacheStore | null): RateLimiter {
  const count = shared ? sharedCounter(shared) : localCounter(now);
  const passes = async (principal: Principal, key: string, limit: number | undefined): Promise<boolean> =>
    limit !== undefined && (await count(principal, key)) > limit;
  return async (principal) => {
    const window = Math.floor(now() / windowMs);
    const [keyPasses, tenantPasses] = await Promise.all([
      passes(principal, `key:${principal.actor}:${window}`, settings.perKeyPerMinute),
      passes(principal, `tenant:${window}`, settings.perTenantPerMinute),
    ]);
    if (!keyPasses && !tenantPasses) return;
    const wait = (window + 1) * windowMs - now();
    throw new HybridRAGError("rate_limited", `Too many requests; try again in ${Math.ceil(wait / 1000)} seconds.`, {
      details: { retry_after_ms: wait },
    });
  };
}

type Counter = (principal: Principal, key: string) => Promise<number>;

const sharedCounter =
  (caches: CacheStore): Counter =>
  ({ scope }, key) =>
    caches.increment(scope, "rate", key, 1, 2 * windowMs);

function localCounter(now: () => number): Counter {
  const counts = new Map<string, number>();
  let window = -1;
  return async ({ scope }, key) => {
    const current = Math.floor(now() / windowMs);
    if (current !== window) counts.clear();
    window = current;
    const full = `${scope.tenant}\n${key}`;
    const next = (counts.get(full) ?? 0) + 1;
    counts.set(full, next);
    return next;
  };
}
