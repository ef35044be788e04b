import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { HybridRAG } from "../hybridrag.ts";
import { countedRag } from "../observe/counted-rag.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import type { ScoreSender } from "../observe/langfuse-scores.ts";
import { scoredRag } from "../observe/scored-rag.ts";
import type { Secret } from "../secret.ts";
import { answerGate, type AnswerGate } from "./answer-gate.ts";
import { requirePepper } from "./api-key.ts";
import { buildApp } from "./app.ts";
import type { AppSettings } from "./app-parts.ts";
import { authenticator, developmentAuthenticator, type Authenticator } from "./authenticate.ts";
import { startHealthProbe, type HealthProbe } from "./health-probe.ts";
import { rateLimiter } from "./rate-limit.ts";
import type { Route } from "./route.ts";
import { serviceRoutes } from "./routes/routes.ts";
import { tokenIssuer } from "./token-issuer.ts";

export interface ServiceParts {
  readonly rag: HybridRAG;
  readonly config: Config;
  /** Everyone is the owner of the configured tenant; listens on loopback only. */
  readonly dev: boolean;
  /** What API keys are hashed with; needed unless `dev`. */
  readonly pepper: Secret | null;
  readonly log: Logger;
  readonly version: string;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Those that count what goes on inside the library; new ones by default. */
  readonly metrics?: Metrics;
  /** Where answers are judged; null or absent: nowhere. */
  readonly scores?: ScoreSender | null;
}

export interface AssembledService {
  readonly app: FastifyInstance;
  /** The library as the service uses it: what goes through it is counted. */
  readonly rag: HybridRAG;
  readonly routes: readonly Route[];
  readonly metrics: Metrics;
  readonly probe: HealthProbe;
  readonly gate: AnswerGate;
}

/** Wires the parts of the service, which does not listen yet. */
export async function assembleService(parts: ServiceParts): Promise<AssembledService> {
  const { config, dev, pepper, version, log, now } = parts;
  const authenticate = await authenticatorOf(parts);
  const metrics = parts.metrics ?? createMetrics({ processMetrics: true });
  const counted = countedRag(parts.rag, metrics);
  const rag = parts.scores ? scoredRag(counted, parts.scores) : counted;
  const { store } = rag;
  const probe = await startHealthProbe({ store, metrics, log, everyMs: config.health_probe_seconds * 1000 });
  const routes = serviceRoutes({ rag, config, metrics, log, probe, pepper, version, openMetrics: dev, now });
  const gate = answerGate();
  const app = await buildApp({
    routes,
    authenticate,
    limit: rateLimiter(
      { perKeyPerMinute: config.rate_limit_per_key, perTenantPerMinute: config.rate_limit_per_tenant },
      now,
      config.rate_limit_shared ? store.caches : null,
    ),
    caches: store.caches,
    audit: store.audit,
    metrics,
    log,
    settings: appSettingsOf(config),
    draining: probe.draining,
    gate,
    now,
  });
  return { app, rag, routes, metrics, probe, gate };
}

async function authenticatorOf({ rag, config, dev, pepper, fetch, now }: ServiceParts): Promise<Authenticator> {
  if (dev) return developmentAuthenticator(config.tenant);
  return authenticator({
    keys: rag.store.keys,
    audit: rag.store.audit,
    pepper: requirePepper(pepper),
    issuer: await tokenIssuer(config, fetch),
    now,
  });
}

const appSettingsOf = (config: Config): AppSettings => ({
  bodyLimitBytes: config.body_limit_kb * 1024,
  ingestBodyLimitBytes: config.ingest_body_limit_mb * 2 ** 20,
  uploadLimitBytes: config.max_file_mb * 2 ** 20,
  requestTimeoutMs: config.request_timeout_ms,
  corsOrigins: config.cors_origins,
  trustedProxies: config.trusted_proxies,
  maxEventLoopDelayMs: config.max_event_loop_delay_ms,
  maxInFlight: config.max_in_flight,
  tls: config.public_https,
});
