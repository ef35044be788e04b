import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerScope } from "../scope.ts";
import { tenantContext } from "./tenant-context.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("calls and streams know their tenant at every step, however they interleave", async () => {
  const context = tenantContext();
  const seen = async (): Promise<string | null> => {
    await tick();
    return context.current()?.tenant ?? null;
  };
  async function* steps(): AsyncGenerator<string | null> {
    for (let i = 0; i < 3; i++) yield await seen();
  }
  const read = async (tenant: string): Promise<(string | null)[]> => {
    const all = [];
    for await (const step of context.stream(ownerScope(tenant), steps)) all.push(step, await seen());
    return all;
  };
  const [a, b, call] = await Promise.all([read("a"), read("b"), context.run(ownerScope("c"), seen)]);
  assert.deepEqual(a, ["a", null, "a", null, "a", null]);
  assert.deepEqual(b, ["b", null, "b", null, "b", null]);
  assert.deepEqual([call, await seen()], ["c", null]);
});

test("leaving a stream ends it, in its tenant", async () => {
  const context = tenantContext();
  let ended: string | null = null;
  const open = async function* (): AsyncGenerator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      ended = context.current()?.tenant ?? null;
    }
  };
  for await (const _ of context.stream(ownerScope("a"), open)) break;
  assert.equal(ended, "a");
});
