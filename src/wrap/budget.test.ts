import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ownerScope } from "../scope.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { type BudgetLedger, budgetLedger, type Ceilings } from "./budget.ts";
import { manualClock } from "./clock.test.fixture.ts";
import type { ProviderCall } from "./guard.ts";
import { listPrices } from "./prices.ts";

const call = (inputTokens: number, changes: Partial<ProviderCall> = {}): ProviderCall => ({
  provider: "voyage",
  model: "voyage-4-large",
  operation: "embed",
  inputTokens,
  maxOutputTokens: 0,
  urgent: false,
  signal: undefined,
  ...changes,
});
const usage = (inputTokens: number, outputTokens = 0) => ({
  inputTokens,
  outputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
});
const paid = (ledger: BudgetLedger, tokens: number, log: number[] = []) =>
  ledger.guard.call(call(tokens), async () => {
    log.push(tokens);
    return { value: null, usage: usage(tokens) };
  });

function open(ceilings: Ceilings, caches = openMemoryStore().caches, clock = manualClock(), run = "r1"): BudgetLedger {
  return budgetLedger({ caches, scope: () => ownerScope("t"), run, ceilings, prices: listPrices, clock });
}

test("stops before the call that would pass the ceiling, and resumes when it is raised", async () => {
  const { caches } = openMemoryStore();
  const sent: number[] = [];
  const low = open({ perRun: 0.25 }, caches);
  await paid(low, 1_000_000, sent);
  await assert.rejects(paid(low, 1_000_000, sent), (error: { code?: string; details?: Record<string, unknown> }) => {
    assert.equal(error.code, "budget_exceeded");
    assert.equal(error.details?.["spent_usd"], 0.12);
    return true;
  });
  assert.deepEqual(sent, [1_000_000], "the refused call was not sent");
  assert.equal((await low.spent()).run, 0.12);
  await paid(open({ perRun: 0.5 }, caches), 1_000_000, sent);
  assert.equal((await low.spent()).run, 0.24);
});

test("ceilings of a day end with the day, those of a tenant do not", async () => {
  const { caches } = openMemoryStore();
  const clock = manualClock(Date.UTC(2026, 10, 22, 23, 59));
  const ledger = open({ perDay: 0.2 }, caches, clock);
  await paid(ledger, 1_000_000);
  await assert.rejects(paid(ledger, 1_000_000), { code: "budget_exceeded" });
  await clock.advance(120_000);
  await paid(ledger, 1_000_000);
  assert.deepEqual(await ledger.spent(), { run: 0.24, day: 0.12, tenant: 0.24 });
  await assert.rejects(paid(open({ perTenant: 0.3 }, caches, clock, "r2"), 1_000_000), { code: "budget_exceeded" });
});

test("a failed call costs nothing, a cancelled stream costs what came", async () => {
  const ledger = open({});
  await assert.rejects(
    ledger.guard.call(call(1_000_000), async () => {
      throw new Error("down");
    }),
  );
  assert.equal((await ledger.spent()).run, 0);
  const sonnet = call(1_000_000, { model: "claude-sonnet-5-5", provider: "anthropic", maxOutputTokens: 1000 });
  const parts = ledger.guard.stream(sonnet, async function* () {
    yield { type: "text-delta", text: "x".repeat(300) };
    yield { type: "finish", reason: "stop", usage: usage(1_000_000, 500) };
  });
  for await (const _ of parts) break;
  assert.equal((await ledger.spent()).run, 2.001);
});

test("without a price a ceiling cannot be kept, so the call is refused; without a ceiling it is made", async () => {
  const unknown = call(10, { model: "voyage-9" });
  const run = async () => ({ value: 1, usage: usage(10) });
  await assert.rejects(open({ perDay: 1 }).guard.call(unknown, run), { code: "invalid_config" });
  assert.equal((await open({}).guard.call(unknown, run)).value, 1);
});

test("however calls overlap, no ceiling is passed and every success is booked once", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ tokens: fc.integer({ min: 1, max: 2_000_000 }), fails: fc.boolean() }), { maxLength: 12 }),
      async (calls) => {
        const ceiling = 0.5;
        const ledger = open({ perRun: ceiling });
        let expected = 0;
        await Promise.allSettled(
          calls.map(({ tokens, fails }) =>
            ledger.guard.call(call(tokens), async () => {
              await Promise.resolve();
              if (fails) throw new Error("down");
              expected += Math.round(tokens * 120) / 1e9;
              return { value: null, usage: usage(tokens) };
            }),
          ),
        );
        const { run } = await ledger.spent();
        assert.ok(Math.abs(run - expected) < 1e-8 && run <= ceiling + 1e-9, `${run} ${expected}`);
      },
    ),
    { numRuns: 50 },
  ));

test("a store that fails after the call costs neither the result nor the ceiling", async () => {
  const { caches } = openMemoryStore();
  let writes = 0;
  const failing = {
    ...caches,
    increment: async (...given: Parameters<typeof caches.increment>) => {
      if (++writes > 3) throw new Error("store down");
      return caches.increment(...given);
    },
  };
  const result = await open({ perRun: 1 }, failing).guard.call(call(1_000_000), async () => ({
    value: "paid",
    usage: usage(1),
  }));
  assert.equal(result.value, "paid");
  assert.ok((await open({}, caches).spent()).run > 0.1, "the reservation stays booked");
});

test("work for all tenants is counted apart from every tenant's, under the same ceilings", async () => {
  const { caches } = openMemoryStore();
  const ledgerOf = (payer: "tenant" | "operator", run: string): BudgetLedger =>
    budgetLedger({
      caches,
      scope: () => ownerScope("t"),
      run,
      ceilings: { perDay: 0.2, perTenant: 0.3 },
      payer,
      prices: listPrices,
      clock: manualClock(),
    });
  await paid(ledgerOf("operator", "r1"), 1_000_000);
  await paid(ledgerOf("tenant", "r2"), 1_000_000);
  await assert.rejects(paid(ledgerOf("operator", "r3"), 1_000_000), /for today and work for all tenants/);
  await assert.rejects(paid(ledgerOf("tenant", "r4"), 1_000_000), /for today and this tenant/);
  assert.deepEqual(await ledgerOf("tenant", "r5").spent(), { run: 0, day: 0.12, tenant: 0.12 });
});

test("an order of many requests costs what they cost singly, also where long prompts are dearer", async () => {
  const ledger = open({});
  const order = call(160_000, { provider: "anthropic", model: "claude-haiku-5-5", requests: 2, priceShare: 0.5 });
  await ledger.guard.call(order, async () => ({ value: null, usage: usage(160_000, 2000) }));
  assert.equal((await ledger.spent()).run, 0.5 * (0.16 * 0.1 + 0.002 * 0.5));
});

test("without a ceiling who waits for an answer waits for no books; what it cost is booked behind it", async () => {
  const { caches } = openMemoryStore();
  const store = Promise.withResolvers<void>();
  const slow = {
    ...caches,
    increment: async (...given: Parameters<typeof caches.increment>) => {
      await store.promise;
      return caches.increment(...given);
    },
  };
  const ledger = open({}, slow);
  const run = async () => ({ value: "found", usage: usage(1_000_000) });
  assert.equal((await ledger.guard.call(call(1_000_000, { urgent: true }), run)).value, "found");
  assert.equal(Number((await caches.get(ownerScope("t"), "budget", "tenant")) ?? 0), 0);
  store.resolve();
  await ledger.booked();
  assert.equal((await open({}, caches).spent()).tenant, 0.12);
});

test("with a ceiling an urgent call that would pass it is not made", async () => {
  const ledger = open({ perDay: 0.1 });
  const run = async () => ({ value: null, usage: usage(1) });
  await assert.rejects(ledger.guard.call(call(1_000_000, { urgent: true }), run), { code: "budget_exceeded" });
  assert.deepEqual(await ledger.spent(), { run: 0, day: 0, tenant: 0 });
});
