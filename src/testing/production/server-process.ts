import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { endsWithUs } from "./ends-with-us.ts";

const program = fileURLToPath(new URL("../../../bin/hybridrag.js", import.meta.url));

/** Settings of a process; nothing of the environment of this one but where programs and homes are. */
export type Environment = Readonly<Record<string, string>>;

const environmentWith = (settings: Environment): NodeJS.ProcessEnv => {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...settings };
};

export interface ServerProcess {
  readonly url: string;
  readonly metricsUrl: string | null;
  readonly process: ChildProcess;
  /** SIGTERM, and waits for its end. @returns the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

/** One `hybridrag serve`, ready. @throws Error with what it said when it ends before that. */
export async function startServerProcess(
  folder: string,
  settings: Environment,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [program, "serve", "--port", "0", "--json", ...flags], {
    cwd: folder,
    env: environmentWith(settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  endsWithUs(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => (said = (said + piece).slice(-4000)));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const gone = isRunning() ? once(child, "exit") : null;
    child.kill(signal);
    await gone;
  };
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([once(lines, "line"), once(child, "exit").then(() => [null])])) as [string | null];
  if (line === null) throw new Error(`A server ended before it was ready: ${said}`);
  const { url, metrics_url: metricsUrl } = JSON.parse(line) as { url: string; metrics_url: string | null };
  return {
    url,
    metricsUrl,
    process: child,
    stop: async () => {
      await end("SIGTERM");
      return child.exitCode;
    },
    kill: () => end("SIGKILL"),
  };
}

/** Runs one command of HybridRAG. @returns what it printed as JSON. @throws Error with what it said. */
export async function runCommand(folder: string, args: readonly string[], settings: Environment): Promise<unknown> {
  const child = spawn(process.execPath, [program, ...args, "--json"], {
    cwd: folder,
    env: environmentWith(settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`hybridrag ${args.join(" ")}: ${said}`);
  return JSON.parse(out) as unknown;
}
