import type { Logger } from "pino";
import type { Metrics } from "../observe/metrics.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { AuditLog } from "../ports/key-store.ts";
import type { AnswerGate } from "./answer-gate.ts";
import type { Authenticator } from "./authenticate.ts";
import type { RateLimiter } from "./rate-limit.ts";
import type { Route } from "./route.ts";

export interface AppSettings {
  readonly bodyLimitBytes: number;
  readonly ingestBodyLimitBytes: number;
  readonly uploadLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly corsOrigins: readonly string[];
  /** Addresses of the balancer, whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Work is shed when the event loop is later than this, and when more requests are in flight. */
  readonly maxEventLoopDelayMs: number;
  readonly maxInFlight: number;
  readonly tls: boolean;
}

export interface AppParts {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticator;
  readonly limit: RateLimiter;
  readonly caches: CacheStore;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly settings: AppSettings;
  /** While true, each answer tells its connection to close. */
  readonly draining: () => boolean;
  readonly gate: AnswerGate;
  readonly now: () => number;
}
