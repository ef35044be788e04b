import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isInstalled } from "./certificate.ts";
import { startProduction, type Production } from "./production.ts";

/** Seconds of load before and after a server is lost. A long run: HYBRIDRAG_LOST_SERVER_SECONDS=60. */
const seconds = Number(process.env["HYBRIDRAG_LOST_SERVER_SECONDS"] ?? 1.5);
const clients = 6;

interface Sent {
  readonly path: string;
  /** Milliseconds, by the clock of this process. */
  readonly begun: number;
  readonly ended: number;
  readonly status: number | string;
}

interface Load {
  readonly sent: Sent[];
  /** Texts whose message was acknowledged, by session. */
  readonly messages: Map<string, string[]>;
  /** Jobs that were acknowledged. */
  readonly jobs: string[];
  stop(): Promise<void>;
}

/**
 * Clients that search, write messages and hand in documents through the balancer without a pause. One whose write
 * failed goes on at once, in the conversation that the dead server was writing to.
 */
function startLoad({ url, fetch, apiKey }: Production): Load {
  const stopped = new AbortController();
  const load = { sent: [] as Sent[], messages: new Map<string, string[]>(), jobs: [] as string[] };
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };

  async function send(
    path: string,
    body: unknown,
  ): Promise<{ status: number | string; body: Record<string, unknown> }> {
    const begun = performance.now();
    const end = (status: number | string) => load.sent.push({ path, begun, ended: performance.now(), status });
    try {
      const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      const text = await answer.text();
      end(answer.status);
      return { status: answer.status, body: answer.ok ? (JSON.parse(text) as Record<string, unknown>) : {} };
    } catch (error) {
      const status = (error as NodeJS.ErrnoException).code ?? String(error);
      end(status);
      return { status, body: {} };
    }
  }

  /** Opens a conversation for a client. */
  async function open(session: string): Promise<string[]> {
    const acknowledged: string[] = [];
    load.messages.set(session, acknowledged);
    await send("/v1/sessions", { session_id: session });
    return acknowledged;
  }

  async function client(number: number): Promise<void> {
    const session = `client-${number}`;
    const acknowledged = await open(session);
    for (let turn = 0; !stopped.signal.aborted; turn++) {
      await send("/v1/search", { query: `puffin burrows ${turn}`, top_k: 3 });
      const content = `message ${turn} of client ${number}`;
      const written = await send(`/v1/sessions/${session}/messages`, { messages: [{ role: "user", content }] });
      if (written.status === 201) acknowledged.push(content);
      if (turn % 10 !== 0) continue;
      const documents = [{ source: `${session}/${turn}.txt`, text: `The ${content} is kept.` }];
      const { status, body } = await send("/v1/ingest", { documents });
      if (status === 202) load.jobs.push(String(body["job_id"]));
    }
  }
  const running = Array.from({ length: clients }, (_, number) => client(number));
  return {
    ...load,
    stop: async () => {
      stopped.abort();
      await Promise.all(running);
    },
  };
}

const isBad = ({ status }: Sent): boolean => typeof status === "string" || status >= 400;
const countsOf = (sent: readonly Sent[]): string =>
  JSON.stringify(
    Object.fromEntries(
      Map.groupBy(sent, ({ status }) => status)
        .entries()
        .map(([k, v]) => [k, v.length]),
    ),
  );

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

test("of three servers behind nginx one is killed and one drains under load: nothing acknowledged is lost, others notice nothing", async (t) => {
  if (!["nginx", "openssl"].every(isInstalled)) return t.skip("nginx or openssl is not installed");
  const production = await startProduction({
    models: false,
    requestsPerSecond: 100_000,
    settings: { HYBRIDRAG_EMBEDDER: "none", HYBRIDRAG_LANGUAGE_MODEL: "none", HYBRIDRAG_DRAIN_DELAY_MS: "500" },
  });
  t.after(production.close);
  const [killed, drained] = production.servers;
  const load = startLoad(production);
  await until(() => load.sent.length > 100);
  await sleep(seconds * 1000);
  const killedAt = performance.now();
  await killed!.kill();
  const goneAt = performance.now();
  await sleep(seconds * 1000);
  const drainedAt = performance.now();
  const code = await drained!.stop();
  const endedAt = performance.now();
  await sleep(seconds * 500);
  await load.stop();

  assert.equal(code, 0);
  const { sent } = load;
  t.diagnostic(`${sent.length} requests: ${countsOf(sent)}`);
  for (const { path, begun, ended, status } of sent.filter(isBad))
    t.diagnostic(
      `${status} ${path}, ${(begun - killedAt).toFixed(0)} to ${(ended - killedAt).toFixed(0)} ms after the kill`,
    );
  const beforeKill = sent.filter(({ ended }) => ended < killedAt);
  const atKill = sent.filter(({ begun, ended }) => begun < goneAt && ended >= killedAt);
  const afterKill = sent.filter(({ begun }) => begun >= goneAt);
  assert.ok(!beforeKill.some(isBad), countsOf(beforeKill));
  assert.ok(atKill.filter(isBad).length <= clients, countsOf(atKill));
  const bad = afterKill.filter(isBad);
  assert.ok(bad.length <= afterKill.length / 1000, countsOf(afterKill));
  const atDrain = sent.filter(({ begun, ended }) => ended >= drainedAt && begun <= endedAt);
  assert.ok(atDrain.length > 10);
  assert.ok(!atDrain.some(isBad), `a drain costs no request: ${countsOf(atDrain)}`);

  for (const [session, acknowledged] of load.messages) {
    const messages = await everyMessage(production, session);
    const kept = new Set(messages.map(({ content }) => content));
    assert.equal(kept.size, messages.length, "each once");
    assert.deepEqual(
      acknowledged.filter((content) => !kept.has(content)),
      [],
      session,
    );
  }
  for (const job of load.jobs) assert.equal((await production.client.job(job)).job_id, job);
  t.diagnostic(`${[...load.messages.values()].flat().length} messages and ${load.jobs.length} jobs were acknowledged`);
});

interface Kept {
  readonly content: string;
  readonly sequence: number;
}

/** All messages of a session, whose sequence has no gap. */
async function everyMessage({ fetch, url, apiKey }: Production, session: string): Promise<readonly Kept[]> {
  const all: Kept[] = [];
  for (let after: number | null = 0; after !== null;) {
    const answer: Response = await fetch(`${url}/v1/sessions/${session}/messages?limit=1000&after=${after}`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    const page = (await answer.json()) as { readonly messages: readonly Kept[]; readonly next: number | null };
    all.push(...page.messages);
    after = page.next;
  }
  assert.deepEqual(
    all.map(({ sequence }) => sequence),
    all.map((_, index) => index + 1),
  );
  return all;
}
