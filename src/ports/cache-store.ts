import type { Scope } from "../scope.ts";
import type { CallOptions } from "./store.ts";

/** Small values by key, shared by all servers: caches, idempotency records, counters of limits, learned weights. */
export interface CacheStore {
  /** Null when absent or expired. */
  get(scope: Scope, space: string, key: string, options?: CallOptions): Promise<unknown>;
  /** `ttlMs` null keeps the value until it is deleted. */
  set(
    scope: Scope,
    space: string,
    key: string,
    value: unknown,
    ttlMs: number | null,
    options?: CallOptions,
  ): Promise<void>;
  /** Stores only when absent or expired; answers the value that stands, and whether it is this caller's. */
  claim(
    scope: Scope,
    space: string,
    key: string,
    value: unknown,
    ttlMs: number,
    options?: CallOptions,
  ): Promise<{ readonly claimed: boolean; readonly value: unknown }>;
  /** Adds to a number in one step; an absent or expired one starts at zero with this time to live. */
  increment(
    scope: Scope,
    space: string,
    key: string,
    by: number,
    ttlMs: number,
    options?: CallOptions,
  ): Promise<number>;
  delete(scope: Scope, space: string, key: string, options?: CallOptions): Promise<boolean>;
}
