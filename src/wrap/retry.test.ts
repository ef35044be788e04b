import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { GeneratePart } from "../ports/language-model.ts";
import { breaker } from "./breaker.ts";
import { type ManualClock, manualClock } from "./clock.test.fixture.ts";
import { type Guard, guards, type ProviderCall } from "./guard.ts";
import { retry } from "./retry.ts";

const call = (signal?: AbortSignal): ProviderCall => ({
  provider: "voyage",
  model: "m",
  operation: "embed",
  inputTokens: 1,
  maxOutputTokens: 0,
  urgent: false,
  signal,
});
const usage = { inputTokens: 1, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
const down = (details = {}) => new HybridRAGError("provider_failed", "down", { details });

function setting(deadlineMs = 30_000, random = () => 1): { clock: ManualClock; guard: Guard } {
  const clock = manualClock(0);
  return { clock, guard: retry({ clock, random, deadlineMs }) };
}

/** Fails with each error in turn, then succeeds; notes when it was called. */
function flaky(clock: ManualClock, errors: readonly Error[]) {
  const at: number[] = [];
  return {
    at,
    run: async () => {
      at.push(clock.now());
      const error = errors[at.length - 1];
      if (error !== undefined) throw error;
      return { value: "well", usage };
    },
  };
}

test("waits twice as long after each failure, by full jitter", async () => {
  const { clock, guard } = setting();
  const { at, run } = flaky(clock, [down(), down(), down()]);
  assert.equal((await clock.drive(guard.call(call(), run))).value, "well");
  assert.deepEqual(at, [0, 500, 1500, 3500]);
});

test("never returns sooner than the provider asked", async () => {
  const { clock, guard } = setting(30_000, () => 0);
  const limited = new HybridRAGError("rate_limited", "slow", { details: { retry_after_ms: 7000 } });
  const { at, run } = flaky(clock, [limited]);
  await clock.drive(guard.call(call(), run));
  assert.deepEqual(at, [0, 7000]);
});

test("a permanent error comes at once", async () => {
  const { clock, guard } = setting();
  const { at, run } = flaky(clock, [new HybridRAGError("invalid_config", "no key")]);
  await assert.rejects(guard.call(call(), run), { code: "invalid_config" });
  assert.equal(at.length, 1);
});

test("a wait that would pass the deadline is not begun", async () => {
  const { clock, guard } = setting(5000);
  const { at, run } = flaky(clock, [down({ retry_after_ms: 60_000 })]);
  await assert.rejects(guard.call(call(), run), { code: "provider_failed" });
  assert.deepEqual([at.length, clock.now()], [1, 0]);
});

test("a call that hangs ends at the deadline, with its signal aborted", async () => {
  const { clock, guard } = setting(5000);
  const hang = (signal?: AbortSignal) =>
    new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  await assert.rejects(clock.drive(guard.call(call(), hang)), { code: "deadline_exceeded" });
  assert.equal(clock.now(), 5000);
});

test("who cancels gets his own reason, in a wait too", async () => {
  const { clock, guard } = setting();
  const stop = new AbortController();
  const pending = guard.call(call(stop.signal), flaky(clock, [down(), down(), down(), down()]).run);
  await clock.advance(100);
  stop.abort(new Error("mine"));
  await assert.rejects(pending, /mine/);
});

async function collect(parts: AsyncIterable<GeneratePart>): Promise<GeneratePart[]> {
  const all: GeneratePart[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

async function* failingStream(clock: ManualClock, opened: number[], partsBefore: number): AsyncGenerator<GeneratePart> {
  opened.push(clock.now());
  for (let i = 0; i < partsBefore; i++) yield { type: "text-delta", text: "a" };
  if (opened.length < 3) throw down();
  yield { type: "finish", reason: "stop", usage };
}

test("a stream is begun again while nothing was given out, and never afterwards", async () => {
  const { clock, guard } = setting();
  const opened: number[] = [];
  const whole = collect(guard.stream(call(), () => failingStream(clock, opened, 0)));
  assert.deepEqual(
    (await clock.drive(whole)).map(({ type }) => type),
    ["finish"],
  );
  assert.equal(opened.length, 3);
  const reopened: number[] = [];
  await assert.rejects(collect(guard.stream(call(), () => failingStream(clock, reopened, 1))), {
    code: "provider_failed",
  });
  assert.equal(reopened.length, 1);
});

test("the breaker opens after failures in a row, lets one probe through, and closes when it is well", async () => {
  const clock = manualClock(0);
  const states: string[] = [];
  const guard = breaker({ clock, failures: 3, openMs: 1000, onChange: (_, state) => states.push(state) });
  const { at, run } = flaky(clock, [down(), down(), down(), down()]);
  for (let i = 0; i < 3; i++) await assert.rejects(guard.call(call(), run));
  await assert.rejects(guard.call(call(), run), (error: HybridRAGError) => error.details["circuit"] === "open");
  assert.equal(at.length, 3);
  await clock.advance(1000);
  await assert.rejects(guard.call(call(), run), { message: "down" });
  await assert.rejects(guard.call(call(), run), /left alone for a moment. The last failure: down$/);
  await clock.advance(1000);
  await guard.call(call(), run);
  await guard.call(call(), run);
  assert.deepEqual(states, ["open", "closed"]);
});

test("the breaker ignores limits and counts refused input and broken output as an answer", async () => {
  const guard = breaker({ clock: manualClock(0), failures: 1 });
  const fail = (error: Error) => async (): Promise<never> => {
    throw error;
  };
  for (const code of ["rate_limited", "invalid_input"] as const)
    await assert.rejects(guard.call(call(), fail(new HybridRAGError(code, "no"))), { code });
  const details = { finish_reason: "stop" };
  const broken = new HybridRAGError("provider_failed", "no JSON", { retryable: false, details });
  await assert.rejects(guard.call(call(), fail(broken)), { message: "no JSON" });
  await assert.rejects(guard.call(call(), fail(down())), { message: "down" });
  await assert.rejects(guard.call(call(), fail(down())), /left alone/);
});

test("guards nest in the order given", async () => {
  const order: string[] = [];
  const named = (name: string): Guard => ({
    call: async (one, run) => {
      order.push(name);
      return run(one.signal);
    },
    stream: (one, open) => open(one.signal),
  });
  await guards(named("outer"), named("inner")).call(call(), async () => ({ value: 1, usage }));
  assert.deepEqual(order, ["outer", "inner"]);
});
