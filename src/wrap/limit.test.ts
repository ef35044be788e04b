import assert from "node:assert/strict";
import { test } from "node:test";
import { limitKeeper } from "../testing/standins/limits.ts";
import { manualClock } from "./clock.test.fixture.ts";
import type { ProviderCall } from "./guard.ts";
import { limit } from "./limit.ts";

const call = (inputTokens: number, changes: Partial<ProviderCall> = {}): ProviderCall => ({
  provider: "voyage",
  model: "m",
  operation: "embed",
  inputTokens,
  maxOutputTokens: 0,
  urgent: false,
  signal: undefined,
  ...changes,
});
const used = (inputTokens: number) => ({ inputTokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 });

/** Requests that the provider would refuse, and the share of its tokens that was used, over a fixed minute. */
async function run(estimate: number, truth: number, calls: number) {
  const clock = manualClock(0);
  const limits = { requestsPerMinute: 2000, tokensPerMinute: 3_000_000 };
  const guard = limit({ clock, limitsOf: () => ({ ...limits, parallel: 8 }) });
  const provider = limitKeeper(limits, clock.now);
  let refused = 0;
  const used60 = new Map<number, number>();
  const work = Array.from({ length: calls }, () =>
    guard.call(call(estimate), async () => {
      const minute = Math.floor(clock.now() / 60_000);
      if (provider.admit("m", truth) > 0) refused++;
      used60.set(minute, (used60.get(minute) ?? 0) + truth);
      await clock.sleep(40);
      return { value: null, usage: used(truth) };
    }),
  );
  await clock.drive(Promise.all(work));
  const minutes = [...used60.values()];
  return { refused, shares: minutes.slice(0, -1).map((tokens) => tokens / limits.tokensPerMinute) };
}

test("10,000 chunks at 40 ms: nothing refused, at least 90 % of the tokens of every full minute used, none exceeded", async () => {
  // 10,000 chunks of 900 tokens, 120 to a call.
  for (const estimate of [108_000, 130_000, 95_000]) {
    const { refused, shares } = await run(estimate, 108_000, 84);
    assert.equal(refused, 0, `estimate ${estimate}`);
    assert.ok(shares.length >= 2 && shares.every((share) => share >= 0.9 && share <= 1.05), `${estimate}: ${shares}`);
  }
});

test("calls at once never pass the limit, and an urgent one goes before bulk work", async () => {
  const clock = manualClock(0);
  const guard = limit({ clock, limitsOf: () => ({ requestsPerMinute: 1e6, tokensPerMinute: 1e9, parallel: 2 }) });
  const order: string[] = [];
  let running = 0;
  const work = (name: string, urgent = false) =>
    guard.call(call(1, { urgent }), async () => {
      order.push(name);
      assert.ok(++running <= 2);
      await clock.sleep(10);
      running--;
      return { value: null, usage: used(1) };
    });
  await clock.drive(Promise.all([work("a"), work("b"), work("c"), work("d"), work("question", true)]));
  assert.deepEqual(order, ["a", "b", "question", "c", "d"]);
});

test("a cancelled wait gives back what it reserved", async () => {
  const clock = manualClock(0);
  const guard = limit({ clock, limitsOf: () => ({ requestsPerMinute: 60, tokensPerMinute: 1000, parallel: 4 }) });
  const run = async () => ({ value: clock.now(), usage: used(950) });
  await guard.call(call(950), run);
  const stop = new AbortController();
  const cancelled = guard.call(call(950, { signal: stop.signal }), run);
  await clock.advance(10);
  stop.abort(new Error("mine"));
  await assert.rejects(cancelled, /mine/);
  const { value } = await clock.drive(guard.call(call(950), run));
  assert.ok(value <= 60_000, String(value));
});
