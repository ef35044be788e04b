import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { join } from "node:path";

/** Where and when figures were taken: without it a figure says nothing. */
export interface RunRecord {
  readonly date: string;
  readonly commit: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memory_gb: number;
    readonly platform: string;
    readonly node: string;
    /** Runnable threads in the last minute, other programs' included: above the cores, times say little. */
    readonly load: number;
  };
}

export function runRecord(): RunRecord {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    commit: commitOf(),
    machine: {
      processor: all[0]?.model.trim() ?? "unknown",
      cores: all.length,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${arch()}`,
      node: process.versions.node,
      load: Number(loadavg()[0]?.toFixed(1)),
    },
  };
}

function commitOf(): string {
  try {
    const run = (...parameters: string[]) =>
      execFileSync("git", parameters, { encoding: "utf8", stdio: "pipe" }).trim();
    return run("rev-parse", "--short", "HEAD") + (run("status", "--porcelain", "-uno") === "" ? "" : " with changes");
  } catch {
    return "unknown";
  }
}

/** Writes `bench/results/KIND-DATE.json` and returns its path. */
export function writeResult<T extends { readonly run: RunRecord }>(kind: string, result: T): string {
  const folder = join("bench", "results");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${kind}-${result.run.date.replaceAll(/[:.]/g, "-")}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  return path;
}
