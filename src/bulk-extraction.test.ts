import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { loadConfig } from "./config/config.ts";
import { modelExtractor } from "./graph/model-extractor.ts";
import { extractInBulk } from "./ingest/extract-in-bulk.ts";
import { ingest } from "./ingest/ingest.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import { openModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import { ownerScope } from "./scope.ts";
import { anthropicStandin, type Standin } from "./testing/standins/index.ts";
import { openMemoryStore } from "./testing/memory-store.ts";
import { type Clock, systemClock } from "./wrap/clock.ts";
import { namelessExtractor } from "./ingest/nameless-extractor.test.fixture.ts";

const scope = ownerScope("t");
/** Waits are 200 times as short. */
const clock: Clock = { now: Date.now, sleep: (ms, signal) => systemClock.sleep(ms / 200, signal) };
const rules = namelessExtractor("none");
const letters = Array.from({ length: 12 }, (_none, number) => ({
  source: `letter-${number}.txt`,
  bytes: Buffer.from(`In ${1843 + number} the engineer Ada Lovelace wrote to Charles Babbage about pond ${number}.`),
}));

/** Reads the letters as a run of its own would, with what earlier runs left in the store. */
async function run(standin: Standin, store: ReturnType<typeof openMemoryStore>, settings: Record<string, string> = {}) {
  const { config } = loadConfig({ environment: { ...standin.environment, ...settings }, directory: tmpdir() });
  const { caches } = store;
  const secrets = openSecrets(config, fetch);
  const models = await openModels(config, {
    secrets,
    fetch,
    caches: () => caches,
    scope: () => scope,
    run: "r",
    clock,
  });
  const extractor = modelExtractor(models.assistant!, rules);
  const pool = loadPool({ workers: 1 });
  const parts = { store, embedder: null, extractor, pool, now: () => performance.now() };
  const shown: string[] = [];
  const extraction = { bulk: models.bulk!, asking: extractor.asking, above: 5 };
  return {
    models,
    shown,
    async inBulk(until = Infinity): Promise<void> {
      for await (const event of extractInBulk(letters, parts, { scope, cwd: "/" }, extraction)) {
        assert.ok(event.type === "extraction");
        shown.push(`${event.extraction.done} of ${event.extraction.total}`);
        if (shown.length >= until) return;
      }
    },
    async ingest(): Promise<void> {
      for await (const event of ingest(letters, parts, { scope, cwd: "/" }))
        if (event.type === "file") assert.equal(event.result.outcome, "indexed", event.result.reason ?? "");
      await pool.close();
    },
  };
}

const callsOf = (standin: Standin, path: string): number =>
  standin.journal.filter((call) => call.method === "POST" && call.path === path).length;

test("an ingest after a batch makes no single call, at half the price; a run that stopped meanwhile is taken up", async (t) => {
  const [batched, single] = [await anthropicStandin(), await anthropicStandin()];
  t.after(() => Promise.all([batched.close(), single.close()]));
  const store = openMemoryStore();
  const first = await run(batched, store);
  await first.inBulk(1);
  assert.deepEqual(first.shown, ["6 of 12"]);

  const second = await run(batched, store);
  await second.inBulk();
  await second.ingest();
  assert.deepEqual(second.shown, ["12 of 12"]);
  assert.deepEqual([callsOf(batched, "/v1/messages/batches"), callsOf(batched, "/v1/messages")], [1, 0]);
  const { items } = await store.graph.list(scope, { limit: 10 });
  assert.ok(items.some(({ name }) => name === "Ada Lovelace"));

  const plain = await run(single, openMemoryStore());
  await plain.ingest();
  assert.equal(callsOf(single, "/v1/messages"), 12);
  const [half, whole] = [(await second.models.ledger.spent()).run, (await plain.models.ledger.spent()).run];
  assert.ok(half > 0 && half < 0.6 * whole, `${half} of ${whole}`);
});

test("a batch that would pass the budget is not ordered", async (t) => {
  const standin = await anthropicStandin();
  t.after(() => standin.close());
  const { inBulk } = await run(standin, openMemoryStore(), { HYBRIDRAG_BUDGET_USD_PER_RUN: "0.000001" });
  await assert.rejects(inBulk(), { code: "budget_exceeded" });
  assert.equal(callsOf(standin, "/v1/messages/batches"), 0);
});
