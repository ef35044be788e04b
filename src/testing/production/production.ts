import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Client } from "../../client/index.ts";
import { startMongoServer } from "../mongodb/index.ts";
import { anthropicStandin, langfuseStandin, otlpStandin, voyageStandin } from "../standins/index.ts";
import type { LangfuseReceiver, SpanReceiver } from "../standins/index.ts";
import { nginx, startBalancer, type Balancer } from "./balancer.ts";
import { httpsFetch } from "./https-fetch.ts";
import { runCommand, startServerProcess, type Environment, type ServerProcess } from "./server-process.ts";

export interface ProductionOptions {
  /** Told of each part as it is there. */
  readonly onPart?: (line: string) => void;
  readonly settings?: Environment;
  readonly models?: boolean;
  /** Milliseconds that an answer of a model takes. */
  readonly latencyMs?: { readonly voyage: () => number; readonly anthropic: () => number };
  /** Of one address, at the balancer; null is what its configuration says. */
  readonly requestsPerSecond?: number | null;
}

/** The architecture of the production guide on this machine: a stand-in for each service, all else the real thing. */
export interface Production {
  readonly servers: readonly ServerProcess[];
  readonly balancer: Balancer;
  /** Where clients go, over HTTPS. */
  readonly url: string;
  /** An admin key of the tenant `demo`. */
  readonly apiKey: string;
  readonly client: Client;
  readonly fetch: typeof globalThis.fetch;
  readonly langfuse: LangfuseReceiver;
  readonly collector: SpanReceiver;
  /** Drains the servers one after the other. @returns their exit codes. */
  drain(): Promise<readonly (number | null)[]>;
  /** Ends everything that runs and removes what was written. */
  close(): Promise<void>;
}

const serverCount = 3;

/** Starts it; when one part does not start, the others are ended. */
export async function startProduction(options: ProductionOptions = {}): Promise<Production> {
  const { onPart = () => undefined, models = true, requestsPerSecond = null } = options;
  const ends: (() => Promise<unknown> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  const started = async <T extends { close(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const running = await part;
    ends.push(() => running.close());
    return running;
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "hybridrag-production-"));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const mongo = await started(startMongoServer({ profile: "atlas", members: 1, buildMs: 50 }));
    onPart(`MongoDB Atlas        ${mongo.uri}`);
    const langfuse = await started(langfuseStandin());
    onPart(`Langfuse             ${langfuse.url}`);
    const collector = await started(otlpStandin());
    onPart(`trace collector      ${collector.url}`);
    const settings: Record<string, string> = {
      ...mongo.environment,
      ...langfuse.environment,
      ...collector.environment,
      HYBRIDRAG_KEY_PEPPER: randomBytes(32).toString("hex"),
      HYBRIDRAG_TENANT: "demo",
      HYBRIDRAG_METRICS_PORT: "0",
      HYBRIDRAG_TRUSTED_PROXIES: "127.0.0.1",
      HYBRIDRAG_PUBLIC_HTTPS: "true",
      HYBRIDRAG_HEALTH_PROBE_SECONDS: "2",
    };
    if (models) {
      const voyage = await started(voyageStandin(latency(options.latencyMs?.voyage)));
      onPart(`Voyage AI            ${voyage.url}`);
      const anthropic = await started(anthropicStandin(latency(options.latencyMs?.anthropic)));
      onPart(`Anthropic            ${anthropic.url}`);
      Object.assign(settings, voyage.environment, anthropic.environment);
    }
    Object.assign(settings, options.settings);
    const scopes = ["--scopes", "query,ingest,admin"];
    const { key: apiKey } = (await runCommand(folder, ["keys", "create", "--name", "demo", ...scopes], settings)) as {
      key: string;
    };
    const servers = await Promise.all(
      Array.from({ length: serverCount }, async () => {
        const server = await startServerProcess(folder, settings);
        ends.push(() => server.kill());
        return server;
      }),
    );
    for (const { url } of servers) onPart(`HybridRAG server     ${url}`);
    const hosts = servers.map(({ url }) => new URL(url).host);
    const balancer = await started(startBalancer(nginx, hosts, requestsPerSecond));
    const url = `https://127.0.0.1:${balancer.port}`;
    onPart(`nginx with TLS       ${url}`);
    const { fetch, close: closeFetch } = httpsFetch(balancer.certificate);
    ends.push(closeFetch);
    return {
      servers,
      balancer,
      url,
      apiKey,
      client: createClient({ url, apiKey, fetch }),
      fetch,
      langfuse,
      collector,
      drain: async () => {
        const codes = [];
        for (const server of servers) codes.push(await server.stop());
        return codes;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const latency = (latencyMs: (() => number) | undefined) => (latencyMs === undefined ? {} : { latencyMs });
