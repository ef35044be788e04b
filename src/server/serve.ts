import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import type { Metrics } from "../observe/metrics.ts";
import { assembleService, type ServiceParts } from "./assemble.ts";
import { drain } from "./drain.ts";
import { startIngestWorker } from "./ingest-worker.ts";

export interface Service {
  readonly url: string;
  /** Null when metrics have no port of their own. */
  readonly metricsUrl: string | null;
  /** Not ready at once, then no new connections, then the end of what is in flight; the caller closes the library. */
  stop(): Promise<void>;
}

/** Starts the service: it answers when this resolves. */
export async function startService(parts: ServiceParts): Promise<Service> {
  const { config, dev, log } = parts;
  const { app, rag, metrics, probe, gate } = await assembleService(parts);
  const host = dev ? "127.0.0.1" : config.host;
  await app.listen({ host, port: config.port });
  const metricsServer =
    config.metrics_port === undefined ? null : await serveMetrics(metrics, host, config.metrics_port);
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  // A server that may not write cannot take a job either.
  const worker = rag.store.capabilities().readOnly ? null : startIngestWorker({ rag, owner, log, metrics });
  log.info({ port: (app.server.address() as AddressInfo).port }, "service_started");
  return {
    url: urlOf(app.server, host),
    metricsUrl: metricsServer === null ? null : urlOf(metricsServer, host),
    stop: async () => {
      probe.drain();
      log.info("service_draining");
      const [clean] = await Promise.all([
        drain(app.server, { delayMs: config.drain_delay_ms, timeoutMs: config.drain_timeout_ms, gate }),
        worker?.stop(),
      ]);
      probe.stop();
      await app.close();
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      log.info({ clean }, "service_stopped");
    },
  };
}

/** For Prometheus alone, on a port that the balancer does not reach. */
async function serveMetrics({ registry }: Metrics, host: string, port: number): Promise<Server> {
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
