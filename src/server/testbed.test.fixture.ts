import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { loadConfig } from "../config/config.ts";
import type { SettingName } from "../config/settings.ts";
import { createHybridRAG, type HybridRAG } from "../hybridrag.ts";
import { loadPool } from "../ingest/load/load-pool.ts";
import { createLog } from "../observe/log.ts";
import type { KeyScope } from "../ports/key-store.ts";
import type { Store } from "../ports/store.ts";
import { bundledConstants } from "../query/answer/constants.ts";
import { localExtractor } from "../providers/local/index.ts";
import type { Scope } from "../scope.ts";
import { Secret } from "../secret.ts";
import { wordEmbedder } from "../testing/fake-models.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { createKey } from "./api-key.ts";
import { assembleService, type AssembledService, type ServiceParts } from "./assemble.ts";

const pepper = new Secret("a pepper of more than thirty-two characters");

const queryAndIngest: readonly KeyScope[] = ["query", "ingest"];

export interface Testbed extends AssembledService {
  readonly rag: HybridRAG;
  readonly parts: ServiceParts;
  readonly store: Store;
  /** Lines of the log. */
  readonly logged: Record<string, unknown>[];
  /** A new API key. */
  key(tenant: string, options?: { scopes?: readonly KeyScope[]; principals?: Scope["principals"] }): Promise<string>;
  /** Sends JSON with a key. */
  send(
    key: string | null,
    method: string,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Sent>;
  close(): Promise<void>;
}

export interface Sent {
  readonly status: number;
  readonly type: string;
  readonly headers: LightMyRequestResponse["headers"];
  readonly text: string;
  /** Parsed; undefined when there is none. */
  readonly body: Body;
}

/** What a test looks into; a wrong shape fails the assertion that reads it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

/** The whole service on the memory store with a foreseeable embedder. */
export async function openTestbed(
  options: {
    readonly flags?: Partial<Record<SettingName, unknown>>;
    readonly dev?: boolean;
    readonly now?: () => number;
    readonly wrap?: (store: Store) => Store;
    readonly level?: string;
    /** Read names and links out of the documents, for the graph. */
    readonly extract?: boolean;
  } = {},
): Promise<Testbed> {
  const now = options.now ?? Date.now;
  const store = (options.wrap ?? ((same: Store) => same))(openMemoryStore({ now }));
  const { config } = loadConfig({
    environment: {},
    directory: "/nowhere",
    ...(options.flags ? { flags: options.flags } : {}),
  });
  const rag = await openRag(store, options.extract ?? false);
  const logged: Record<string, unknown>[] = [];
  const log = createLog({
    level: options.level ?? "error",
    destination: { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const parts: ServiceParts = {
    rag,
    config,
    dev: options.dev ?? false,
    pepper,
    log,
    version: "0.0.0",
    fetch: globalThis.fetch,
    now,
  };
  const service = await assembleService(parts);
  return {
    ...service,
    rag,
    parts,
    store,
    logged,
    key: async (tenant, { scopes = queryAndIngest, principals = "all" } = {}) => {
      const made = createKey({ tenant, name: "test", scopes, principals, expires_at: null }, pepper, new Date(now()));
      await store.keys.put(made.record);
      return made.key;
    },
    send: async (key, method, url, body, headers = {}) => {
      const request: InjectOptions = {
        method: method as "GET",
        url,
        headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      };
      return sentOf(await service.app.inject(request));
    },
    close: async () => {
      service.probe.stop();
      await service.app.close();
      await rag.close();
    },
  };
}

async function openRag(store: Store, extract: boolean): Promise<HybridRAG> {
  const embedder = wordEmbedder();
  await store.prepare({ embedder: embedder.fingerprint, dimensions: embedder.dimensions, chunker: "test" });
  const { config } = loadConfig({ environment: {}, directory: "/nowhere" });
  return createHybridRAG({
    store,
    embedder,
    reranker: null,
    extractor: extract ? await localExtractor() : null,
    pool: loadPool({ workers: 1 }),
    chunker: {},
    analyzer: englishAnalyzer(),
    constants: bundledConstants,
    query: config,
    sessions: { ttlMs: 60_000, historyTokens: 2000, summaryTokens: 400 },
    notices: [],
    now: () => performance.now(),
  });
}

function sentOf(response: LightMyRequestResponse): Sent {
  const type = String(response.headers["content-type"] ?? "");
  return {
    status: response.statusCode,
    type,
    headers: response.headers,
    text: response.body,
    body: /json/.test(type) && response.body !== "" ? (JSON.parse(response.body) as Body) : undefined,
  };
}

/** The events of a stream in their order. */
export const eventsOf = (text: string): readonly { readonly event: string; readonly data: Body }[] =>
  text
    .split("\n\n")
    .filter((block) => /^data: /m.test(block))
    .map((block) => ({
      event: /^event: (.*)$/m.exec(block)?.[1] ?? "",
      data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as Body,
    }));

/** Documents put through the service itself. */
export async function ingestTexts(bed: Testbed, scope: Scope, texts: Readonly<Record<string, string>>): Promise<void> {
  const documents = Object.entries(texts).map(([source, text]) => ({ source, text, title: source }));
  for await (const event of bed.rag.ingest(scope, documents, { cwd: "/" })) {
    if (event.type === "file" && event.result.outcome !== "indexed") throw new Error(event.result.reason ?? "");
  }
}
