import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { scrape } from "../../testing/production/scrape.ts";
import { startServerProcess, type Environment, type ServerProcess } from "../../testing/production/server-process.ts";
import { langfuseStandin, otlpStandin } from "../../testing/standins/index.ts";
import { inTurn, questions } from "./load.ts";
import { median } from "./median.ts";

/** What traces to Langfuse and a collector cost a server. */
export interface TelemetryCost {
  readonly requests: number;
  /** Milliseconds of the processor's time, of all threads of the server, for one search. */
  readonly cpu_ms: { readonly off: number; readonly on: number; readonly hanging: number };
  /** Medians over the rounds of the ratio within a round; 1.05 is 5 % more. */
  readonly on_over_off: number;
  readonly hanging_over_off: number;
  /** That the spans were really sent. */
  readonly spans: number;
}

const clients = 4;
/** The first searches of a process cost three times as much. */
const warmUps = 2;

/** Three servers on one data folder, without telemetry, with it, and with receivers that hang; asked in turns. */
export async function telemetryCost(
  folder: string,
  size: number,
  settings: Environment,
  { rounds, perRound }: { readonly rounds: number; readonly perRound: number },
): Promise<TelemetryCost> {
  const [langfuse, collector, hole] = [await langfuseStandin(), await otlpStandin(), await blackHole()];
  const hanging = { ...langfuse.environment, LANGFUSE_BASE_URL: hole.url, OTEL_EXPORTER_OTLP_ENDPOINT: hole.url };
  const kinds = [{}, { ...langfuse.environment, ...collector.environment }, hanging];
  const servers: ServerProcess[] = [];
  try {
    for (const kind of kinds)
      servers.push(
        await startServerProcess(folder, { ...settings, ...kind }, ["--dev", "--read-only", "--data", folder]),
      );
    const body = questions(size);
    const spent: number[][] = [];
    for (let round = -warmUps; round < rounds; round++) {
      const costs = [];
      for (const { url } of rotated(servers, round)) costs.push(await cpuOf(url, perRound, body, round));
      if (round >= 0) spent.push(rotated(costs, -round));
    }
    const [off, on, stuck] = kinds.map((_, kind) => median(spent.map((costs) => costs[kind]!)));
    return {
      requests: rounds * perRound,
      cpu_ms: { off: off!, on: on!, hanging: stuck! },
      on_over_off: median(spent.map((costs) => costs[1]! / costs[0]!)),
      hanging_over_off: median(spent.map((costs) => costs[2]! / costs[0]!)),
      spans: collector.spans().length,
    };
  } finally {
    await Promise.all(servers.map((server) => server.kill()));
    await Promise.all([langfuse.close(), collector.close(), hole.close()]);
  }
}

/** Each kind comes first as often as the others. */
const rotated = <T>(list: readonly T[], by: number): T[] =>
  list.map((_, index) => list[(((index + by) % list.length) + list.length) % list.length]!);

async function cpuOf(url: string, requests: number, body: (index: number) => object, round: number): Promise<number> {
  const before = await cpuSeconds(url);
  await inTurn(url, clients, requests, (index) => body((round + warmUps) * requests + index));
  return ((await cpuSeconds(url)) - before) * (1000 / requests);
}

async function cpuSeconds(url: string): Promise<number> {
  const samples = await scrape([url]);
  return samples.find(({ series }) => series === "process_cpu_seconds_total")?.value ?? NaN;
}

/** Takes every request and never answers. */
async function blackHole(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request) => void request.resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
