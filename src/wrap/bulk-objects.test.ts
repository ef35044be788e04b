import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { BatchRequest, BulkProgress, BulkRun, ModelBatches } from "../ports/bulk-objects.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import { ownerScope } from "../scope.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { budgetLedger, type Ceilings } from "./budget.ts";
import { bulkObjects } from "./bulk-objects.ts";
import { cacheObjects } from "./cache-model.ts";
import { type Clock, systemClock } from "./clock.ts";
import { guards } from "./guard.ts";

const scope = ownerScope("t");
const clock: Clock = { now: systemClock.now, sleep: async (_ms, signal) => signal?.throwIfAborted() };
const prices = { date: "2026-11-22", models: { "p/m": { input: 1000, output: 1000 } } };
const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 };
const bare: LanguageModel = {
  ...quotingModel(),
  provider: "p",
  model: "m",
  countTokens: (text) => text.length,
  generateObject: async () => assert.fail("nothing is asked for singly"),
};

/** A provider whose orders end when they are asked after twice. */
function fakeProvider() {
  const orders = new Map<string, { readonly requests: readonly BatchRequest[]; asked: number; readonly at: number }>();
  const faults: ((made: boolean) => void)[] = [];
  const batches: ModelBatches = {
    provider: "p",
    model: "m",
    priceShare: 0.5,
    async submit(requests) {
      const fault = faults.shift();
      const isMade = fault?.name !== "refused";
      const id = `order-${orders.size}`;
      if (isMade) orders.set(id, { requests, asked: 0, at: Date.now() });
      fault?.(isMade);
      return id;
    },
    async progress(id) {
      const order = orders.get(id);
      if (order === undefined) throw new HybridRAGError("invalid_config", "gone", { details: { status: 404 } });
      const ended = ++order.asked > 1;
      return { ended, done: ended ? order.requests.length : 0, total: order.requests.length };
    },
    async *results(id) {
      for (const { id: key, messages } of orders.get(id)!.requests)
        yield messages[0]?.content === "bad"
          ? { id: key, error: new HybridRAGError("provider_failed", "declined") }
          : { id: key, value: { echo: messages[0]?.content }, usage };
    },
    since: async (time) =>
      [...orders]
        .flatMap(([id, { requests, at }]) => (at >= time ? [{ id, requests: requests.length }] : []))
        .reverse(),
  };
  return { batches, orders, faults };
}

function world(ceilings: Ceilings = {}, caches: CacheStore = openMemoryStore().caches) {
  const provider = fakeProvider();
  const ledger = budgetLedger({ caches, scope: () => scope, run: "r", ceilings, prices, clock });
  const { batches } = provider;
  const bulk = bulkObjects({ model: bare, batches, caches, scope: () => scope, ledger, guard: guards(), clock });
  const begin = (above = 0, signal = new AbortController().signal): BulkRun => bulk.begin({ above, signal });
  return { ...provider, ledger, caches, begin, reader: cacheObjects(bare, { caches, scope: () => scope }) };
}

const asking = (content: string) => ({
  system: "s",
  messages: [{ role: "user" as const, content }],
  maxOutputTokens: 100,
  schema: {},
  name: "n",
});
const askAll = async (run: BulkRun, texts: readonly string[]): Promise<void> => {
  for (const text of texts) await run.model.generateObject(asking(text));
};
async function drained(progress: AsyncIterable<BulkProgress>): Promise<readonly BulkProgress[]> {
  const all: BulkProgress[] = [];
  for await (const one of progress) all.push(one);
  return all;
}

test("what was collected is ordered at once and found by single calls, at the price of orders; what failed is not", async () => {
  const { begin, orders, reader, ledger } = world();
  const run = begin();
  assert.deepEqual(await drained(run.earlier()), []);
  await askAll(run, ["one", "two", "one", "bad"]);
  assert.deepEqual(await drained(run.finish()), [
    { batches: 1, done: 0, total: 3 },
    { batches: 1, done: 3, total: 3 },
  ]);
  assert.equal(orders.size, 1);
  assert.deepEqual((await reader.generateObject(asking("two"))).value, { echo: "two" });
  await assert.rejects(reader.generateObject(asking("bad")), /asked for singly/);
  // Two answers of 15 tokens, at half of a dollar for a thousand.
  assert.equal((await ledger.spent()).run, 0.015);
  const again = begin();
  await askAll(again, ["one", "two"]);
  assert.deepEqual([await drained(again.finish()), orders.size], [[], 1]);
});

test("few requests are left to single calls", async () => {
  const { begin, orders } = world();
  const run = begin(3);
  await askAll(run, ["one", "two", "three"]);
  assert.deepEqual([await drained(run.finish()), orders.size], [[], 0]);
});

test("a run that ended while its order was in work is taken up by the next, which orders nothing again", async () => {
  const { begin, orders, reader } = world();
  const run = begin();
  await askAll(run, ["one"]);
  for await (const _ of run.finish()) break;
  const next = begin();
  assert.equal((await drained(next.earlier())).at(-1)?.done, 1);
  await askAll(next, ["one"]);
  await drained(next.finish());
  assert.deepEqual([orders.size, (await reader.generateObject(asking("one"))).value], [1, { echo: "one" }]);
});

test("an order whose answer was lost is found at the provider, and one that was never made is made", async () => {
  const lost = (): void => {
    throw new HybridRAGError("provider_failed", "reset", { retryable: true });
  };
  const refused = (): void => {
    throw new HybridRAGError("rate_limited", "later", { retryable: true });
  };
  for (const [fault, orderCount] of [
    [lost, 1],
    [refused, 1],
  ] as const) {
    const { begin, orders, faults, reader, ledger } = world();
    faults.push(fault);
    const run = begin();
    await askAll(run, ["one"]);
    await drained(run.finish());
    assert.deepEqual([orders.size, (await reader.generateObject(asking("one"))).value], [orderCount, { echo: "one" }]);
    assert.equal((await ledger.spent()).run, 0.0075);
  }
});

test("a process that died between the order and its answer leaves what the next run needs to find it", async () => {
  const stop = new AbortController();
  const { begin, orders, faults, ledger } = world();
  faults.push(() => {
    stop.abort(new Error("killed"));
    throw stop.signal.reason;
  });
  const run = begin(0, stop.signal);
  await askAll(run, ["one"]);
  await assert.rejects(drained(run.finish()), /killed/);
  const next = begin();
  assert.equal((await drained(next.earlier())).at(-1)?.done, 1);
  assert.deepEqual([orders.size, (await ledger.spent()).run], [1, 0.0075]);
});

test("the budget is asked for the whole order before it is made, and given back when it is refused", async () => {
  const { begin, orders, ledger } = world({ perRun: 0.1 });
  const run = begin();
  await askAll(run, ["one", "two"]);
  await assert.rejects(drained(run.finish()), { code: "budget_exceeded" });
  assert.deepEqual([orders.size, (await ledger.spent()).run], [0, 0]);
});

test("an order that the provider no longer has is forgotten", async () => {
  const { begin, orders, ledger } = world();
  const run = begin();
  await askAll(run, ["one"]);
  for await (const _ of run.finish()) break;
  orders.clear();
  await drained(begin().earlier());
  const next = begin();
  assert.deepEqual([await drained(next.earlier()), (await ledger.spent()).run], [[], 0]);
});

test("an order of the same size that somebody else made is not taken for one's own", async () => {
  const { begin, batches, orders, faults, reader, ledger, caches } = world();
  await batches.submit([{ ...asking("foreign"), id: "foreign" }]);
  faults.push(function refused() {
    throw new HybridRAGError("rate_limited", "later", { retryable: true });
  });
  const run = begin();
  await askAll(run, ["one"]);
  await drained(run.finish());
  assert.deepEqual([orders.size, (await ledger.spent()).run], [1, 0]);
  assert.equal(await caches.get(scope, "objects", "foreign"), null);
  await assert.rejects(reader.generateObject(asking("one")), /asked for singly/);
});
