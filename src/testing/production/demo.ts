/** `npm run demo:production`: the production guide's architecture on this machine, and one question through it. */
import { openAsBlob } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printAnswer } from "../../cli/commands/ask.ts";
import { openTerminal, type Terminal } from "../../cli/terminal.ts";
import { environmentOf } from "../../config/config.ts";
import { isInstalled } from "./certificate.ts";
import { startProduction, type Production } from "./production.ts";
import { scrape } from "./scrape.ts";
import { traceLines } from "./trace-lines.ts";

const corpus = fileURLToPath(new URL("../../../examples/corpus", import.meta.url));
const question = "How many kittiwake nests were counted in 2025?";
const missing = 1;

async function demonstrate({ line, bold, note }: Terminal): Promise<void> {
  line(bold("Starting a stand-in for each service, three servers, and nginx before them"));
  const production = await startProduction({
    onPart: (part) => line(`  ${part}`),
    latencyMs: { voyage: () => 30, anthropic: () => 150 },
    settings: { HYBRIDRAG_DRAIN_DELAY_MS: "300" },
  });
  const interrupted = (): void => {
    note("Interrupted; ending what was started.");
    void production.close().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    await ingest(production, terminal);
    line(bold(`\nPOST ${production.url}/v1/query  "${question}"`));
    await printAnswer(production.client.stream({ query: question, session_id: "demo" }), terminal);
    await showMetrics(production, terminal);
    line(bold("\nDraining the three servers (SIGTERM); they hand in their last spans"));
    const codes = await production.drain();
    line(`  exit codes ${codes.join(", ")}`);
    showTrace(production, terminal);
    line(real);
    if (codes.some((code) => code !== 0)) process.exitCode = 1;
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    await production.close();
  }
}

async function ingest({ client, url }: Production, { line, bold }: Terminal): Promise<void> {
  line(bold(`\nPOST ${url}/v1/documents`));
  for (const name of (await readdir(corpus)).toSorted()) {
    const { outcome, chunks } = await client.upload(await openAsBlob(join(corpus, name)), name);
    line(`  ${outcome.padEnd(9)} ${name}, ${chunks} chunks`);
  }
}

const shown =
  /^hybridrag_(search_requests_total|search_latency_seconds_(count|sum)|results_count_(count|sum)|active_sessions|tokens_total|cost_usd_total|provider_calls_total|cache_lookups_total|pool_connections|index_ready|http_requests_total\{route="\/v1)/;

async function showMetrics({ servers }: Production, { line, bold }: Terminal): Promise<void> {
  line(bold("\nGET /metrics on a port of its own; what the three servers counted, added up"));
  const samples = await scrape(servers.flatMap(({ metricsUrl }) => (metricsUrl === null ? [] : [metricsUrl])));
  for (const { series, value } of samples.filter((one) => shown.test(one.series) && one.value !== 0))
    line(`  ${series} ${Number(value.toPrecision(4))}`);
}

function showTrace({ collector, langfuse }: Production, { line, bold }: Terminal): void {
  const spans = collector.spans();
  const trace = spans.find(({ name }) => name === "hybridrag.ask")?.traceId;
  line(bold(`\nThe trace of the question, as the collector got it (${trace})`));
  for (const text of traceLines(spans.filter(({ traceId }) => traceId === trace))) line(`  ${text}`);
  const observations = langfuse.spans().filter(({ traceId }) => traceId === trace);
  const kinds = observations.map(({ attributes }) => String(attributes["langfuse.observation.type"] ?? "span"));
  line(bold("\nThe same at Langfuse"));
  line(`  observations: ${kinds.join(", ")}`);
  for (const { name, value } of langfuse.scores()) line(`  score ${name}: ${value}`);
}

const real = `
Nothing above was a mock inside HybridRAG: three unchanged servers spoke to stand-ins over their real protocols. To put
the real services in their place, give each server these settings and start it with \`npx hybridrag serve --host 0.0.0.0\`:

  MONGODB_URI            mongodb+srv://USER:PASSWORD@CLUSTER.mongodb.net/   then: npx hybridrag indexes plan, apply, wait
  VOYAGE_API_KEY         pa-… of Voyage AI, or al-… of Atlas                 (and no VOYAGE_BASE_URL)
  ANTHROPIC_API_KEY      sk-ant-…                                            (and no ANTHROPIC_BASE_URL)
  LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY, LANGFUSE_BASE_URL                of your Langfuse project
  OTEL_EXPORTER_OTLP_ENDPOINT                                                of your collector, if there is one
  HYBRIDRAG_KEY_PEPPER   32 random characters, the same on every server     then: npx hybridrag keys create --name first
  HYBRIDRAG_TRUSTED_PROXIES, HYBRIDRAG_PUBLIC_HTTPS, HYBRIDRAG_METRICS_PORT  for the balancer and Prometheus

deploy/nginx and deploy/haproxy hold the balancers' configurations; docs/service.md says the rest.`;

const terminal = openTerminal(environmentOf());
const absent = ["nginx", "openssl"].filter((program) => !isInstalled(program));
if (absent.length > 0) {
  terminal.note(`This demo puts a real balancer before three servers, and ${absent.join(" and ")} cannot be found.`);
  terminal.note(`Install it first: apt-get install --no-install-recommends ${absent.join(" ")} (Debian, Ubuntu).`);
  process.exitCode = missing;
} else {
  await demonstrate(terminal);
}
