import { findRate, type FoundRate } from "../../cli/load/find-rate.ts";
import { holds } from "../../cli/load/gates.ts";
import type { LoadReport } from "../../cli/load/open-loop.ts";
import { nginx, startBalancer } from "../../testing/production/balancer.ts";
import { startServerProcess, type Environment, type ServerProcess } from "../../testing/production/server-process.ts";
import { loadAt, questions } from "./load.ts";

/** The guide's targets. */
const gates = { p50Ms: 200, p99Ms: 1000, errorRate: 0.001 };
const secondsOfTrial = 10;
const leastRequests = 300;

export interface HeldRate {
  /** Requests a second; null: not even the first. */
  readonly rate: number | null;
  readonly trials: FoundRate["trials"];
  /** At four fifths of that rate, so many requests that one in a thousand is seen. */
  readonly report: LoadReport | null;
}

/** Three servers on one data folder behind nginx with TLS: one that writes and two beside it. */
export async function heldRate(
  folder: string,
  size: number,
  settings: Environment,
  { start, requests }: { readonly start: number; readonly requests: number },
  note: (line: string) => void,
): Promise<HeldRate> {
  const servers: ServerProcess[] = [];
  const flags = ["--dev", "--data", folder];
  try {
    servers.push(await startServerProcess(folder, settings, flags));
    for (let reader = 0; reader < 2; reader++)
      servers.push(await startServerProcess(folder, settings, [...flags, "--read-only"]));
    const balancer = await startBalancer(
      nginx,
      servers.map(({ url }) => new URL(url).host),
      100_000,
    );
    try {
      const url = `https://127.0.0.1:${balancer.port}`;
      const body = questions(size);
      let asked = 0;
      // Every trial asks questions of its own: what was asked before is in the caches.
      const load = (rate: number, many: number) => {
        const first = (asked += 1_000_000);
        return loadAt(url, rate, many, (index) => body(first + index), balancer.certificate);
      };
      const { sustained, trials } = await findRate(start, 0.1, async (rate) => {
        const report = await load(rate, Math.max(leastRequests, Math.round(rate * secondsOfTrial)));
        const ok = holds(report, rate, gates);
        note(
          `${ok ? "held  " : "failed"} ${rate.toFixed(0)}/s: p50 ${report.p50_ms.toFixed(0)}, p99 ${report.p99_ms.toFixed(0)} ms`,
        );
        return { rate, ok, report };
      });
      const rate = sustained?.rate ?? null;
      return { rate, trials, report: rate === null ? null : await load(rate * 0.8, requests) };
    } finally {
      await balancer.close();
    }
  } finally {
    await Promise.all(servers.map((server) => server.kill()));
  }
}
