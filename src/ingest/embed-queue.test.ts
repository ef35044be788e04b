import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { BatchLimits, Embedder } from "../ports/embedder.ts";
import { embedQueue } from "./embed-queue.ts";

/** An embedder whose calls end when the test says so. */
function heldEmbedder(limits: BatchLimits) {
  const calls: { readonly size: number; readonly end: () => void }[] = [];
  const embedder: Embedder = {
    fingerprint: "held",
    model: "held",
    dimensions: 1,
    maxTokens: 100,
    languages: "multi",
    limits,
    countTokens: (text) => text.length,
    embed: (texts) =>
      new Promise((resolve) => {
        const vectors = texts.map(() => new Float32Array([1]));
        calls.push({ size: texts.length, end: () => resolve({ vectors, tokens: 0 }) });
      }),
    close: async () => {},
  };
  const queue = embedQueue(embedder);
  const add = async (texts: number, tokens: number): Promise<void> => {
    for (let i = 0; i < texts; i++) void queue.embed([{ text: "x", tokens }]);
    await turn();
    await turn();
  };
  const end = async (call: number): Promise<void> => {
    calls[call]?.end();
    await turn();
  };
  return { add, end, sizes: () => calls.map(({ size }) => size) };
}

test("a call that costs by itself waits to be filled, by count or by tokens, while another is under way", async () => {
  const { add, end, sizes } = heldEmbedder({ items: 5, tokens: 100, parallel: 4, prefersFull: true });
  await add(1, 1);
  assert.deepEqual(sizes(), [1]);
  await add(4, 1);
  assert.deepEqual(sizes(), [1]);
  await add(2, 1);
  assert.deepEqual(sizes(), [1, 5]);
  await add(1, 99);
  assert.deepEqual(sizes(), [1, 5, 2]);
  await add(3, 1);
  for (const call of [0, 1]) await end(call);
  assert.deepEqual(sizes(), [1, 5, 2]);
  await end(2);
  assert.deepEqual(sizes(), [1, 5, 2, 3]);
});

test("where calls cost nothing by themselves none waits while there is room", async () => {
  const { add, sizes } = heldEmbedder({ items: 5, tokens: 100, parallel: 2 });
  await add(1, 1);
  await add(1, 1);
  await add(1, 1);
  assert.deepEqual(sizes(), [1, 1]);
});
