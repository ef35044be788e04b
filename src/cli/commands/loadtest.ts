import { readFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import type { Command } from "commander";
import { loadConfig } from "../../config/config.ts";
import { HybridRAGError } from "../../errors.ts";
import { findRate } from "../load/find-rate.ts";
import { holds, judge, type Verdict } from "../load/gates.ts";
import { httpSender } from "../load/http-sender.ts";
import { openLoop, type LoadReport } from "../load/open-loop.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";

interface LoadOptions {
  readonly requests: number;
  readonly rate: number;
  readonly warmUp: number;
  readonly questions?: string;
  readonly path: string;
  readonly topK: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  readonly timeout: number;
  readonly findRate?: boolean;
  readonly json?: boolean;
}

const machineName = (): string => `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores`;
const checkFailed = 3;
/** One failure in a thousand is seen only among many. */
const enough = 10_000;
const maxInFlight = 2000;

export function addLoadtest(program: Command, shell: Shell): void {
  program
    .command("loadtest <url>")
    .description("load a running service at a fixed rate and hold it to the production targets; exit 3 when one fails")
    .option("--requests <number>", "requests that count", Number, enough)
    .option("--rate <number>", "requests a second, whether answers come or not", Number, 100)
    .option("--warm-up <number>", "requests before, which do not count", Number, 200)
    .option("--questions <file>", "one question a line; default: a few of our own")
    .option("--path <path>", "what is called", "/v1/search")
    .option("--top-k <number>", "results wanted", Number, 10)
    .option("--p50 <ms>", "median must be below", Number, 200)
    .option("--p99 <ms>", "99th percentile must be below", Number, 1000)
    .option("--errors <share>", "share of failed requests must be below", Number, 0.001)
    .option("--timeout <ms>", "an answer that takes longer has failed", Number, 30_000)
    .option("--find-rate", "double the rate until a target fails, then close in on the highest that is held")
    .option("--json", "one JSON document on stdout")
    .action(async (url: string, options: LoadOptions) => {
      if (options.findRate === true) return sustain(checkedUrl(url, options.path), checked(options), shell);
      const report = await run(checkedUrl(url, options.path), checked(options), shell);
      const gates = judge(report, { p50Ms: options.p50, p99Ms: options.p99, errorRate: options.errors });
      const ok = gates.every((gate) => gate.ok);
      if (options.json) shell.terminal.json({ url, rate: options.rate, machine: machineName(), ...report, gates, ok });
      else print(shell.terminal, report, gates);
      if (report.requests < enough) {
        shell.terminal.note(`${report.requests} requests are too few to judge errors below 0.1 %; take ${enough}.`);
      }
      if (!ok) shell.exitCode = checkFailed;
    });
}

/** Ten seconds at each rate, and a thousand requests at least, so that the 99th percentile means ten of them. */
async function sustain(url: URL, options: LoadOptions, shell: Shell): Promise<void> {
  const { terminal } = shell;
  const gates = { p50Ms: options.p50, p99Ms: options.p99, errorRate: options.errors };
  const found = await findRate(options.rate, 0.1, async (rate) => {
    const requests = Math.max(1000, Math.round(rate * 10));
    const report = await run(url, { ...options, rate, requests, warmUp: Math.min(options.warmUp, 100) }, shell);
    const ok = holds(report, rate, gates);
    terminal.note(
      `${ok ? "held  " : "failed"} ${rate.toFixed(0)}/s: p50 ${report.p50_ms.toFixed(0)} ms, p99 ${report.p99_ms.toFixed(0)} ms, ${report.errors} failed`,
    );
    return { rate, ok, report };
  });
  if (options.json) terminal.json({ url, machine: machineName(), ...found });
  else if (found.sustained !== null) terminal.line(`${found.sustained.rate.toFixed(0)} requests a second are held.`);
  if (found.sustained !== null) return;
  terminal.note(`Not even ${options.rate} a second are held; begin lower with --rate.`);
  shell.exitCode = checkFailed;
}

async function run(url: URL, options: LoadOptions, { terminal, signal }: Shell): Promise<LoadReport> {
  const { config } = loadConfig();
  const questions = await questionsOf(options.questions);
  // The number keeps a cache of answers from being what is measured.
  const body = (index: number) => ({ query: `${questions[index % questions.length]} ${index}`, top_k: options.topK });
  const apiKey = config.api_key?.reveal();
  const { send, close } = httpSender({ url, apiKey, timeoutMs: options.timeout, body });
  const plan = { rate: options.rate, maxInFlight, signal };
  const now = () => performance.now();
  try {
    if (options.warmUp > 0) await openLoop({ ...plan, requests: options.warmUp }, (index) => send(-1 - index), now);
    terminal.status(`${options.requests} requests, ${options.rate} a second …`);
    return await openLoop({ ...plan, requests: options.requests }, send, now);
  } finally {
    terminal.status(null);
    close();
  }
}

const ownQuestions = [
  "what does the report say about the results",
  "which method was used and why",
  "who is responsible for the project",
  "when did it begin and when did it end",
  "how large is the difference between the two",
  "conditions limits and exceptions",
  "cost of the second year",
  "where were the measurements taken",
];

async function questionsOf(path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return ownQuestions;
  const lines = (await readFile(path, "utf8")).split("\n").map((line) => line.trim().slice(0, 9900));
  const questions = lines.filter((line) => line !== "");
  if (questions.length > 0) return questions;
  throw new HybridRAGError("invalid_input", `${path} holds no questions; write one a line.`);
}

function checkedUrl(base: string, path: string): URL {
  if (/^https?:/.test(base) && URL.canParse(path, base)) return new URL(path, base);
  throw new HybridRAGError("invalid_input", `"${base}" is no address of a service, such as http://127.0.0.1:8080.`);
}

function checked(options: LoadOptions): LoadOptions {
  const { requests, rate } = options;
  if (Number.isInteger(requests) && requests > 0 && rate > 0 && rate <= 100_000) return options;
  throw new HybridRAGError("invalid_input", "--requests is a whole number above 0, --rate a number above 0.");
}

function print(terminal: Terminal, report: LoadReport, gates: readonly Verdict[]): void {
  const { requests, seconds, answered_per_second, p50_ms, p95_ms, p99_ms, max_ms, errors } = report;
  terminal.line(`${requests} requests in ${seconds.toFixed(1)} s, ${answered_per_second.toFixed(1)} answered a second`);
  terminal.line(
    `p50 ${p50_ms.toFixed(1)} ms, p95 ${p95_ms.toFixed(1)} ms, p99 ${p99_ms.toFixed(1)} ms, longest ${max_ms.toFixed(1)} ms`,
  );
  terminal.line(`${errors} failed: ${JSON.stringify(report.outcomes)}`);
  for (const { gate, value, below, ok } of gates) {
    terminal.line(`${ok ? "ok  " : "FAIL"} ${gate} ${value.toFixed(4)} (below ${below})`);
  }
}
