import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./balancer.ts";
import { endsWithUs } from "./ends-with-us.ts";

/** One series of an instant query. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** An instant query. @throws Error with what Prometheus says of a bad one. */
  query(expression: string): Promise<readonly Series[]>;
  /** Until the query finds something and the condition holds of it. */
  until(expression: string, holds: (found: readonly Series[]) => boolean): Promise<readonly Series[]>;
  close(): Promise<void>;
}

/** Starts a real Prometheus that scrapes these servers (`host:port`) every 200 ms. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-prometheus-"));
  const job = { job_name: "hybridrag", static_configs: [{ targets }] };
  // JSON is YAML.
  const config = { global: { scrape_interval: "200ms", scrape_timeout: "200ms" }, scrape_configs: [job] };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const port = await freePort();
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  endsWithUs(child);
  let said = "";
  child.stderr.on("data", (text) => (said = (said + String(text)).slice(-2000)));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;

  async function query(expression: string): Promise<readonly Series[]> {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query: expression })}`);
    const body = (await answer.json()) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly { metric: Series["metric"]; value: readonly [number, string] }[] };
    };
    if (!body.data) throw new Error(`${expression}: ${body.error}`);
    return body.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }
  const close = async (): Promise<void> => {
    const gone = isRunning() ? once(child, "exit") : null;
    child.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
  for (let tries = 0; !(await isReady()); tries++) {
    if (tries > 300 || !isRunning()) {
      await close();
      throw new Error(`Prometheus does not start: ${said}`);
    }
    await sleep(50);
  }
  return {
    query,
    until: async (expression, holds) => {
      for (let tries = 0; tries < 200; tries++) {
        const found = await query(expression);
        if (found.length > 0 && holds(found)) return found;
        await sleep(100);
      }
      throw new Error(`Never: ${expression}; last ${JSON.stringify(await query(expression))}`);
    },
    close,
  };
}
