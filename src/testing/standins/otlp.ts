import { newKey } from "./key.ts";
import {
  type ProviderRules,
  Refusal,
  type Standin,
  type StandinCall,
  type StandinOptions,
  startServer,
} from "./server.ts";

/** A span as a receiver got it. Times in milliseconds since 1970. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

export interface ReceivedScore {
  readonly traceId: string;
  readonly name: string;
  readonly value: number | string;
  readonly dataType: string;
}

export interface SpanReceiver extends Standin {
  spans(): readonly ReceivedSpan[];
}

export interface LangfuseReceiver extends SpanReceiver {
  scores(): readonly ReceivedScore[];
}

/** A collector of OpenTelemetry: takes traces as OTLP/HTTP in JSON. */
export async function otlpStandin(options: StandinOptions = {}): Promise<SpanReceiver> {
  const server = await startServer(otlpRules("otlp", "/v1/traces", null), options);
  return {
    ...server,
    name: "otlp",
    key: "",
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url },
    spans: () => spansIn(server.journal),
  };
}

/** Langfuse: takes traces and scores of a project, with its keys only. */
export async function langfuseStandin(options: StandinOptions = {}): Promise<LangfuseReceiver> {
  const publicKey = newKey("pk-lf-", 36);
  const key = options.key ?? newKey("sk-lf-", 36);
  const credential = Buffer.from(`${publicKey}:${key}`).toString("base64");
  const server = await startServer(otlpRules("langfuse", "/api/public/otel/v1/traces", `Basic ${credential}`), options);
  return {
    ...server,
    name: "langfuse",
    key,
    environment: { LANGFUSE_PUBLIC_KEY: publicKey, LANGFUSE_SECRET_KEY: key, LANGFUSE_BASE_URL: server.url },
    spans: () => spansIn(server.journal),
    scores: () => scoresIn(server.journal),
  };
}

function otlpRules(name: string, tracesPath: string, authorization: string | null): ProviderRules {
  return {
    name,
    refuse: (status, message) => ({ status, json: { message } }),
    answer(call) {
      if (call.path === "/api/public/health") return { status: 200, json: { status: "OK", version: "3.0.0" } };
      if (authorization !== null && call.headers["authorization"] !== authorization)
        throw new Refusal(401, "Invalid credentials. Confirm that you've configured the correct host.");
      if (call.method !== "POST") throw new Refusal(405, "Method not allowed.");
      if (call.path === tracesPath) return takeTraces(call);
      if (authorization !== null && call.path === "/api/public/ingestion") return takeBatch(call);
      throw new Refusal(404, "Not found.");
    },
  };
}

function takeTraces({ headers, body }: StandinCall) {
  if (!headers["content-type"]?.includes("json")) throw new Refusal(415, "This receiver takes OTLP as JSON.");
  if (!Array.isArray((body as OtlpBody | undefined)?.resourceSpans))
    throw new Refusal(400, "resourceSpans is missing.");
  return { status: 200, json: {} };
}

interface IngestionEvent {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly timestamp?: unknown;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Each event is judged by itself, and the answer is 207 whatever becomes of them. */
function takeBatch({ body }: StandinCall) {
  const batch = (body as { readonly batch?: readonly IngestionEvent[] } | undefined)?.batch;
  if (!Array.isArray(batch)) throw new Refusal(400, "batch is missing.");
  const isGood = ({ id, type, timestamp, body: score = {} }: IngestionEvent): boolean =>
    typeof id === "string" &&
    type === "score-create" &&
    typeof timestamp === "string" &&
    typeof score["name"] === "string" &&
    /^[0-9a-f]{32}$/.test(String(score["traceId"])) &&
    (score["dataType"] === "CATEGORICAL" ? typeof score["value"] === "string" : typeof score["value"] === "number");
  const good = (batch as IngestionEvent[]).filter(isGood);
  const bad = (batch as IngestionEvent[]).filter((event) => !isGood(event));
  return {
    status: 207,
    json: {
      successes: good.map(({ id }) => ({ id, status: 201 })),
      errors: bad.map(({ id }) => ({ id, status: 400, message: "Invalid event." })),
    },
  };
}

interface OtlpBody {
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status?: { readonly code?: number };
}

const millisecondsOf = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1000n) / 1000;

const spansIn = (journal: Standin["journal"]): readonly ReceivedSpan[] =>
  journal
    .filter(({ status }) => status === 200)
    .flatMap(({ body }) => (body as OtlpBody | undefined)?.resourceSpans ?? [])
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map((span) => ({
      name: span.name,
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId === undefined || span.parentSpanId === "" ? null : span.parentSpanId,
      startMs: millisecondsOf(span.startTimeUnixNano),
      endMs: millisecondsOf(span.endTimeUnixNano),
      attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
      failed: span.status?.code === 2,
    }));

const scoresIn = (journal: Standin["journal"]): readonly ReceivedScore[] =>
  journal
    .filter(({ path, status }) => path === "/api/public/ingestion" && status === 207)
    .flatMap(({ body }) => (body as { readonly batch: readonly { readonly body: ReceivedScore }[] }).batch)
    .map(({ body }) => body);
