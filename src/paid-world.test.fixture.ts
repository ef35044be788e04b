import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { anthropicStandin, type Standin, voyageStandin } from "./testing/standins/index.ts";
import { costOf, listPrices } from "./wrap/prices.ts";

/** What a provider charged for. */
interface Charged {
  readonly what: string;
  readonly run: number;
  /** When its answer had been handed to the network, in milliseconds; null: it never was. */
  answeredAt: number | null;
}

export interface Kill {
  readonly at: "call" | "answer";
  readonly count: number;
  readonly delayMs: number;
  /** The process, or all that were started by it and did not leave its group. */
  readonly whom: "process" | "group";
}

/** What is run; it ends with 0 when it has come to its end. */
export interface Program {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A stand-in behind a door that tells of each call and of each answer. */
async function door(t: TestContext, standin: Standin, onCall: (body: string) => (answer: string) => void) {
  const { origin } = new URL(standin.url);
  async function relay(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const onAnswered = onCall(body);
    const { method, headers } = incoming;
    const onward = request(origin + incoming.url!, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      const whole = text(answer);
      answer.pipe(outgoing).on("finish", () => void whole.then(onAnswered));
    });
    onward.on("error", () => outgoing.destroy());
    onward.end(body);
  }
  const server = createServer((incoming, outgoing) => void relay(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Providers that count what they are paid for, and programs that are ended without warning while they ask them. */
export async function paidWorld(t: TestContext, latencyMs: number) {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-paid-"));
  const voyage = await voyageStandin({ latencyMs });
  const anthropic = await anthropicStandin({ latencyMs });
  const charged: Charged[] = [];
  let killedAt = new Map<number, number>();
  let runs = 0;
  let onEvent: (event: "call" | "answer") => void = () => undefined;
  let charges = 0;
  const onCall = (body: string): ((answer: string) => void) => {
    const { input } = JSON.parse(body) as { readonly input?: readonly string[] };
    const asked = input ?? [createHash("sha256").update(body).digest("hex")];
    const noted = asked.map((what): Charged => ({ what, run: runs, answeredAt: null }));
    charged.push(...noted);
    onEvent("call");
    return (answer) => {
      charges += priceOfAnswer(answer);
      for (const one of noted) if (!killedAt.has(one.run)) one.answeredAt = performance.now();
      onEvent("answer");
    };
  };
  const [voyageDoor, anthropicDoor] = [await door(t, voyage, onCall), await door(t, anthropic, onCall)];
  t.after(() => Promise.all([voyage.close(), anthropic.close(), rm(folder, { recursive: true, force: true })]));

  /** @returns whether it was done before the given call or answer, and what it said. */
  async function run(program: Program, kill: Kill | null) {
    runs++;
    const child = spawn(process.execPath, program.arguments, {
      env: {
        PATH: process.env["PATH"],
        HYBRIDRAG_DATA_DIR: join(folder, "data"),
        ...voyage.environment,
        ...anthropic.environment,
        VOYAGE_BASE_URL: `${voyageDoor}/v1`,
        ANTHROPIC_BASE_URL: anthropicDoor,
        ...program.environment,
      },
      detached: kill?.whom === "group",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const end = (): void => {
      killedAt.set(runs, performance.now());
      if (kill?.whom === "group") process.kill(-child.pid!, "SIGKILL");
      else child.kill("SIGKILL");
    };
    let seen = 0;
    onEvent = (event) => {
      if (event !== kill?.at || ++seen !== kill.count) return;
      if (kill.delayMs === 0) end();
      else setTimeout(end, kill.delayMs);
    };
    let said = "";
    let told = "";
    child.stdout.on("data", (data) => (said += String(data)));
    child.stderr.on("data", (data) => (told += String(data)));
    await once(child, "close");
    onEvent = () => undefined;
    return { isDone: child.exitCode === 0, said, told };
  }

  /** What was paid for again, with the milliseconds between its first answer and the kill; null where there was none. */
  const paidAgain = (): readonly (number | null)[] => {
    const last = new Map(charged.map((one) => [one.what, one.run]));
    return charged
      .filter((one) => last.get(one.what)! > one.run)
      .map(({ run: number, answeredAt }) => (answeredAt === null ? null : killedAt.get(number)! - answeredAt));
  };
  /** `charges`: US dollars of what was answered. */
  return { folder, run, charged, paidAgain, charges: () => charges };
}

interface Usage {
  readonly total_tokens?: number;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cache_read_input_tokens?: number;
  readonly cache_creation_input_tokens?: number;
}

function priceOfAnswer(answer: string): number {
  const { usage = {} } = JSON.parse(answer) as { readonly usage?: Usage };
  const model = usage.total_tokens === undefined ? "anthropic/claude-haiku-5-5" : "voyage/voyage-4-large";
  return costOf(listPrices.models[model]!, {
    inputTokens: usage.total_tokens ?? usage.input_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
  });
}
