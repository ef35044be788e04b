import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

const gate = () => Promise.withResolvers<void>();

test("turns are given in the order of arrival, so many at once", async () => {
  const turns = new Turns(2);
  const gates = Array.from({ length: 5 }, gate);
  const begun: number[] = [];
  const all = gates.map(({ promise }, index) =>
    turns.take(undefined, () => {
      begun.push(index);
      return promise;
    }),
  );
  assert.deepEqual(begun, [0, 1]);
  for (const [index, { resolve }] of gates.entries()) {
    resolve();
    await all[index];
  }
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
});

test("who is cancelled while waiting leaves the queue, and who fails passes the turn on", async () => {
  const turns = new Turns(1);
  const first = gate();
  const running = turns.take(undefined, () => first.promise);
  const cancel = new AbortController();
  const cancelled = turns.take(cancel.signal, () => Promise.resolve("never"));
  const last = turns.take(undefined, () => Promise.resolve("last"));
  cancel.abort(new Error("no more"));
  await assert.rejects(cancelled, /no more/);
  first.reject(new Error("broken"));
  await assert.rejects(running, /broken/);
  assert.equal(await last, "last");
});
