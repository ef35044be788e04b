import assert from "node:assert/strict";
import { test } from "node:test";
import { timeSlices } from "./time-slices.ts";

/** A clock that moves by 5 ms whenever it is read, so that a slice is over after three looks. */
const slowClock = (): (() => number) => {
  let time = 0;
  return () => (time += 5);
};

function* steps(count: number, done: string): Generator<void, string> {
  for (let step = 0; step < count; step += 1) yield;
  return done;
}

test("other events get their turn while several generators run", async () => {
  const run = timeSlices(slowClock());
  let turns = 0;
  let running = true;
  const turn = (): void => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  const results = await Promise.all(["a", "b", "c"].map((name) => run(steps(50, name))));
  running = false;
  assert.deepEqual(results, ["a", "b", "c"]);
  assert.ok(turns >= 40, `${turns} turns for 150 steps of 5 ms`);
});

test("an abort ends the work at the next turn with its reason", async () => {
  const run = timeSlices(slowClock());
  const reason = new Error("enough");
  await assert.rejects(run(steps(1000, "never"), AbortSignal.abort(reason)), reason);
});
