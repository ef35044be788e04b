import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { HybridRAGError } from "../errors.ts";
import type { HybridRAG } from "../hybridrag.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import type { Secret } from "../secret.ts";
import { buildApp, type AppSettings } from "./app.ts";
import { authenticator, developmentAuthenticator, type Authenticator } from "./authenticate.ts";
import { drain } from "./drain.ts";
import { startHealthProbe } from "./health-probe.ts";
import { startIngestWorker } from "./ingest-worker.ts";
import { rateLimiter } from "./rate-limit.ts";
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
}

export interface Service {
  readonly url: string;
  /** Null when metrics have no port of their own. */
  readonly metricsUrl: string | null;
  /** Not ready at once, then no new connections, then the end of what is in flight; the caller closes the library. */
  stop(): Promise<void>;
}

/** How long a developer waits after Ctrl-C; there is no balancer to tell. */
const devDrainDelayMs = 500;

/** Wires the parts of the service and listens. */
export async function startService(parts: ServiceParts): Promise<Service> {
  const { rag, config, dev, log, now } = parts;
  const { store } = rag;
  const metrics = createMetrics({ processMetrics: true });
  let draining = false;
  const probe = await startHealthProbe({ store, metrics, log, everyMs: config.health_probe_seconds * 1000 });
  const separateMetrics = config.metrics_port !== undefined;
  const app = await buildApp({
    routes: serviceRoutes({ rag, config, metrics, log, probe, version: parts.version, openMetrics: dev, now }),
    authenticate: await authenticatorOf(parts),
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
    draining: () => draining,
    now,
  });
  const host = dev ? "127.0.0.1" : config.host;
  await app.listen({ host, port: config.port });
  const metricsServer = separateMetrics ? await serveMetrics(metrics, host, config.metrics_port) : null;
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const worker = startIngestWorker({ rag, owner, metrics, log });
  log.info({ port: (app.server.address() as AddressInfo).port }, "service_started");
  return {
    url: urlOf(app.server, host),
    metricsUrl: metricsServer === null ? null : urlOf(metricsServer, host),
    stop: async () => {
      draining = true;
      probe.drain();
      log.info("service_draining");
      const delayMs = dev ? Math.min(devDrainDelayMs, config.drain_delay_ms) : config.drain_delay_ms;
      const [clean] = await Promise.all([
        drain(app.server, { delayMs, timeoutMs: config.drain_timeout_ms }),
        worker.stop(),
      ]);
      probe.stop();
      await app.close();
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      log.info({ clean }, "service_stopped");
    },
  };
}

async function authenticatorOf({ rag, config, dev, pepper, fetch, now }: ServiceParts): Promise<Authenticator> {
  if (dev) return developmentAuthenticator(config.tenant);
  if (pepper === null || pepper.reveal().length < 32) {
    throw new HybridRAGError(
      "invalid_config",
      "The service needs HYBRIDRAG_KEY_PEPPER, at least 32 random characters that are the same on every server. " +
        "To try it on this machine without keys: hybridrag serve --dev.",
      { details: { setting: "HYBRIDRAG_KEY_PEPPER" } },
    );
  }
  return authenticator({ keys: rag.store.keys, pepper, issuer: await tokenIssuer(config, fetch), now });
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

/** For Prometheus alone, on a port that the balancer does not reach. */
async function serveMetrics({ registry }: Metrics, host: string, port: number | undefined): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return server;
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}
