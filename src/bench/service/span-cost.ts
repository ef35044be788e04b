import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createLog } from "../../observe/log.ts";
import { span } from "../../observe/span.ts";
import { startTelemetry, type TelemetrySettings } from "../../observe/telemetry.ts";
import { Secret } from "../../secret.ts";

/** Milliseconds of the processor's time for the four spans of a search, made, batched and sent. */
export interface SpanCost {
  readonly none_ms: number;
  readonly both_ms: number;
}

const standins = fileURLToPath(new URL("../../testing/standins/main.js", import.meta.url));
const searches = 2000;
const perPause = 20;

/** Without any search behind them, so that nothing else is measured. The receivers are a process of their own. */
export async function spanCost(): Promise<SpanCost> {
  const receivers = fork(standins, ["langfuse", "otlp"], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  try {
    const [line] = (await once(createInterface(receivers.stdout!), "line")) as [string];
    const settings = settingsOf(JSON.parse(line) as Record<string, string>);
    await costOf(settings);
    return { none_ms: await costOf(null), both_ms: await costOf(settings) };
  } finally {
    receivers.kill();
  }
}

const settingsOf = (environment: Readonly<Record<string, string>>): TelemetrySettings => ({
  serviceName: "bench",
  otlpEndpoint: environment["OTEL_EXPORTER_OTLP_ENDPOINT"],
  langfuse: {
    publicKey: environment["LANGFUSE_PUBLIC_KEY"]!,
    secretKey: new Secret(environment["LANGFUSE_SECRET_KEY"]!),
    baseUrl: environment["LANGFUSE_BASE_URL"],
    environment: undefined,
    release: undefined,
  },
});

async function costOf(settings: TelemetrySettings | null): Promise<number> {
  const log = createLog({ level: "silent" });
  const telemetry = settings === null ? null : await startTelemetry(settings, log);
  const before = process.cpuUsage();
  for (let search = 0; search < searches; search++) {
    await spansOfSearch();
    if (search % perPause === 0) await sleep(perPause);
  }
  await telemetry?.close();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / searches;
}

/** The spans that a search over HTTP makes, with as many attributes. */
const spansOfSearch = (): Promise<void> =>
  span(
    "POST /v1/search",
    { "http.request.method": "POST", "http.route": "/v1/search", "hybridrag.request_id": "x" },
    () =>
      span(
        "hybridrag.search",
        {
          "gen_ai.operation.name": "retrieval",
          "langfuse.observation.type": "retriever",
          "hybridrag.query_length": 40,
        },
        async (search) => {
          await span(
            "embeddings",
            { "gen_ai.operation.name": "embeddings", "gen_ai.request.model": "m" },
            async (one) => {
              one.setAttributes({
                "gen_ai.usage.input_tokens": 9,
                "langfuse.observation.usage_details": '{"input":9}',
              });
            },
          );
          await span(
            "store.search",
            { "db.system.name": "embedded", "hybridrag.candidates": 100 },
            async () => undefined,
          );
          search.setAttributes({ "hybridrag.mode": "mix", "hybridrag.results": 10 });
        },
      ),
    { handedDown: { "user.id": "development" } },
  );
