import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { mongoStandin } from "./testing/mongodb/standin.ts";
import { anthropicStandin, type Standin, voyageStandin } from "./testing/standins/index.ts";

const script = new URL("./paid-ingest-child.test.fixture.js", import.meta.url).pathname;

/** What a provider charged for. */
interface Charged {
  readonly what: string;
  readonly run: number;
  /** When its answer had been handed to the network, in milliseconds; null: it never was. */
  answeredAt: number | null;
}

/** A stand-in behind a door that tells of each call and of each answer. */
async function door(t: TestContext, standin: Standin, onCall: (body: string) => () => void) {
  const { origin } = new URL(standin.url);
  async function relay(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const onAnswered = onCall(body);
    const { method, headers } = incoming;
    const onward = request(origin + incoming.url!, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing).on("finish", onAnswered);
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

async function paidWorld(t: TestContext, engine: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-paid-"));
  const voyage = await voyageStandin({ latencyMs: 15 });
  const anthropic = await anthropicStandin({ latencyMs: 15 });
  const charged: Charged[] = [];
  const killedAt: number[] = [];
  let runs = 0;
  let onEvent: (event: "call" | "answer") => void = () => undefined;
  const onCall = (body: string): (() => void) => {
    const { input } = JSON.parse(body) as { readonly input?: readonly string[] };
    const asked = input ?? [createHash("sha256").update(body).digest("hex")];
    const noted = asked.map((what): Charged => ({ what, run: runs, answeredAt: null }));
    charged.push(...noted);
    onEvent("call");
    return () => {
      if (killedAt[runs] === undefined) for (const one of noted) one.answeredAt = performance.now();
      onEvent("answer");
    };
  };
  const doors = [await door(t, voyage, onCall), await door(t, anthropic, onCall)];
  t.after(() => Promise.all([voyage.close(), anthropic.close(), rm(folder, { recursive: true, force: true })]));

  /** Ends without warning at the given call or answer. @returns whether it was done before. */
  async function run(
    kill: { readonly at: "call" | "answer"; readonly count: number; readonly delayMs: number } | null,
  ) {
    runs++;
    const child = spawn(process.execPath, [script, "4"], {
      env: {
        PATH: process.env["PATH"],
        ...engine,
        HYBRIDRAG_DATA_DIR: join(folder, "data"),
        ...voyage.environment,
        ...anthropic.environment,
        VOYAGE_BASE_URL: `${doors[0]}/v1`,
        ANTHROPIC_BASE_URL: doors[1],
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const end = (): void => {
      killedAt[runs] = performance.now();
      child.kill("SIGKILL");
    };
    let seen = 0;
    onEvent = (event) => {
      if (event !== kill?.at || ++seen !== kill.count) return;
      if (kill.delayMs === 0) end();
      else setTimeout(end, kill.delayMs);
    };
    let said = "";
    child.stdout.on("data", (data) => (said += String(data)));
    await once(child, "close");
    return said.includes("done");
  }

  /** What was paid for again, with the milliseconds between its first answer and the kill; null where there was none. */
  const paidAgain = (): readonly (number | null)[] => {
    const last = new Map(charged.map((one) => [one.what, one.run]));
    return charged
      .filter((one) => last.get(one.what)! > one.run)
      .map(({ run: number, answeredAt }) => (answeredAt === null ? null : killedAt[number]! - answeredAt));
  };
  return { run, charged, paidAgain };
}

/** `HYBRIDRAG_KILLS` asks for more of them, for measuring. */
const kills = Number(process.env["HYBRIDRAG_KILLS"] ?? 4);
/** Enough of them to have been killed in every phase, few enough that work is left for the last. */
const count = (index: number, kills: number): number => 1 + ((index * 7) % Math.max(2, Math.floor(110 / kills)));

async function killAndCount(t: TestContext, engine: Readonly<Record<string, string>>, kills: number): Promise<void> {
  const { run, charged, paidAgain } = await paidWorld(t, engine);
  let killed = 0;
  for (let index = 0; index < kills; index++) {
    const at = index % 2 === 0 ? "call" : "answer";
    if (!(await run({ at, count: count(index, kills), delayMs: index % 4 }))) killed++;
  }
  assert.equal(await run(null), true);
  assert.ok(killed >= Math.min(3, kills), `${killed} kills`);
  assert.ok(new Set(charged.map(({ what }) => what)).size >= 160);

  const again = paidAgain();
  const answered = again.flatMap((age) => age ?? []).toSorted((a, b) => b - a);
  t.diagnostic(
    `${killed} kills: of ${charged.length} paid texts and extractions ${again.length} were paid for again; ` +
      `${answered.length} of these had been answered, at most ${(answered[0] ?? 0).toFixed(1)} ms before the kill`,
  );
  // What lies in the network when the process dies cannot be kept; on a busy machine it lies there for a while.
  assert.ok((answered[0] ?? 0) < 2000, `answered ${answered[0]} ms before the kill, and paid for again`);
}

test("a killed ingest asks for nothing again that it had been answered: no vector, no extraction", (t) =>
  killAndCount(t, {}, kills));

test("nor on MongoDB, where what was answered is written on this machine first", async (t) => {
  const mongodb = await mongoStandin({});
  t.after(() => mongodb.close());
  await killAndCount(t, mongodb.environment, Math.ceil(kills / 2));
});
