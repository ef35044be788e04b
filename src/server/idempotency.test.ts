import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { ownerScope } from "../scope.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { once } from "./idempotency.ts";
import { ok } from "./route.ts";

const scope = ownerScope("t");

test("a key is held while its server works, however long, and soon free when that server has died", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  const { caches } = openMemoryStore({ now: () => now });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1000;
      t.mock.timers.tick(1000);
      await setImmediate();
    }
  };
  const done = Promise.withResolvers<void>();
  const first = once(caches, scope, "k", { a: 1 }, async () => {
    await done.promise;
    return ok("first");
  });
  await pass(120);
  const again = () => once(caches, scope, "k", { a: 1 }, async () => ok("second"));
  await assert.rejects(again(), { code: "conflict" });
  done.resolve();
  await first;
  await pass(120);
  assert.deepEqual({ ...(await again()) }, { ...ok("first"), headers: { "idempotency-replayed": "true" } });

  await caches.claim(scope, "idempotency", "left behind", { body_hash: "x", reply: null }, 20_000);
  await pass(21);
  const taken = await once(caches, scope, "left behind", { a: 1 }, async () => ok("taken up"));
  assert.deepEqual(taken, ok("taken up"));
});

test("a key whose work failed is free at once", async () => {
  const { caches } = openMemoryStore();
  const fails = once(caches, scope, "k", {}, async () => Promise.reject(new Error("down")));
  await assert.rejects(fails, /down/);
  assert.deepEqual(await once(caches, scope, "k", {}, async () => ok("done")), ok("done"));
});
