/** `npm run bench:service`: what telemetry costs a server, and the rate that three of them hold behind nginx. */
import { parseArgs } from "node:util";
import { isInstalled } from "../../testing/production/certificate.ts";
import { voyageStandin } from "../../testing/standins/index.ts";
import { runRecord, writeResult } from "../run-record.ts";
import { randomFrom } from "../speed/random.ts";
import { tableLines } from "../table.ts";
import { corpusFolder } from "./corpus-folder.ts";
import { httpOverhead, type HttpOverhead } from "./http-overhead.ts";
import { heldRate, type HeldRate } from "./held-rate.ts";
import { spanCost, type SpanCost } from "./span-cost.ts";
import { telemetryCost, type TelemetryCost } from "./telemetry-cost.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** A log-normal time with this median, as calls over a network have; a tenth takes more than half as long again. */
function networkTime(seed: number, medianMs: number): () => number {
  const random = randomFrom(seed);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  return () => medianMs * Math.exp(0.3 * normal());
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: "string", default: "100000" },
      rounds: { type: "string", default: "8" },
      requests: { type: "string", default: "10000" },
      start: { type: "string", default: "20" },
      suites: { type: "string", default: "overhead,telemetry,rate" },
    },
  });
  const [size, rounds, requests, start] = [values.size, values.rounds, values.requests, values.start].map(Number);
  const suites = values.suites.split(",");
  const run = runRecord();
  if (run.machine.load > run.machine.cores)
    note(`Load ${run.machine.load} on ${run.machine.cores} cores: trust CPU ms, not times.`);
  const prompt = await voyageStandin();
  const folder = await corpusFolder(size!, prompt.environment, note);
  const plain = { HYBRIDRAG_LANGUAGE_MODEL: "none", HYBRIDRAG_RERANKER: "none" };
  let overhead: HttpOverhead | null = null;
  if (suites.includes("overhead")) {
    overhead = await httpOverhead(folder, size!, { ...prompt.environment, ...plain }, 300);
    for (const line of overheadLines(overhead)) print(line);
  }
  await prompt.close();
  const [embedding, reranking] = [networkTime(1, 40), networkTime(2, 120)];
  const voyage = await voyageStandin({ latencyMs: (path) => (path.endsWith("/rerank") ? reranking() : embedding()) });
  const settings = { ...voyage.environment, ...plain };
  let telemetry: TelemetryCost | null = null;
  let spans: SpanCost | null = null;
  const rates: Record<string, HeldRate> = {};
  try {
    if (suites.includes("telemetry")) {
      spans = await spanCost();
      telemetry = await telemetryCost(folder, size!, settings, { rounds: rounds!, perRound: 200 });
      for (const line of telemetryLines(telemetry, spans)) print(line);
    }
    if (suites.includes("rate") && !isInstalled("nginx")) note("rate is left out: nginx is not installed");
    else if (suites.includes("rate")) {
      rates["without reranking"] = await heldRate(
        folder,
        size!,
        settings,
        { start: start!, requests: requests! },
        note,
      );
      const reranked = { ...settings, HYBRIDRAG_RERANKER: "voyage" };
      rates["with reranking"] = await heldRate(folder, size!, reranked, { start: start!, requests: requests! }, note);
      for (const line of rateLines(rates, size!)) print(line);
    }
  } finally {
    await voyage.close();
  }
  print(writeResult("service", { run, size, overhead, telemetry, spans, rates }));
}

const overheadLines = ({ library_p50_ms, http_p50_ms, added_ms, searches }: HttpOverhead) => [
  `${searches} searches one by one: library p50 ${library_p50_ms.toFixed(2)} ms, over HTTP ${http_p50_ms.toFixed(2)} ms; HTTP adds ${added_ms.toFixed(2)} ms`,
  "",
];

const telemetryLines = (
  { cpu_ms, on_over_off, hanging_over_off, requests, spans }: TelemetryCost,
  { none_ms, both_ms }: SpanCost,
) => [
  ...tableLines(
    ["telemetry", "CPU ms a search", "over none"],
    [
      ["none", cpu_ms.off, null],
      ["Langfuse and a collector", cpu_ms.on, on_over_off],
      ["both hanging", cpu_ms.hanging, hanging_over_off],
    ],
  ),
  `${requests} searches each, in turns; ${spans} spans arrived`,
  `the spans of a search alone: ${(both_ms - none_ms).toFixed(3)} ms of CPU, ${((100 * (both_ms - none_ms)) / cpu_ms.off).toFixed(1)} % of a search`,
  "",
];

const rateLines = (rates: Readonly<Record<string, HeldRate>>, size: number) => [
  `three servers behind nginx, ${size.toLocaleString("en")} chunks; latencies at four fifths of the rate held`,
  "",
  ...tableLines(
    ["", "held a second", "p50 ms", "p95 ms", "p99 ms", "errors"],
    Object.entries(rates).map(([name, { rate, report }]) => [
      name,
      rate === null ? null : rate.toFixed(0),
      report?.p50_ms.toFixed(0) ?? null,
      report?.p95_ms.toFixed(0) ?? null,
      report?.p99_ms.toFixed(0) ?? null,
      report === null ? null : `${report.errors} of ${report.requests}`,
    ]),
  ),
  "",
];

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
await main();
