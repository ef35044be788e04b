import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import { ownerScope } from "../scope.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { cacheEmbedder, keepVectors } from "./cache.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { cacheObjects, cacheReranker, keepObjects } from "./cache-model.ts";
import { fakeEmbedder, vectorOf } from "./embedder.test.fixture.ts";

const sent = (embedder: ReturnType<typeof fakeEmbedder>): string[] => embedder.calls.flatMap(({ texts }) => texts);

test("a text is embedded once for each kind, in one call as in several", async () => {
  const inner = fakeEmbedder();
  const lookups: unknown[] = [];
  const embedder = cacheEmbedder(inner, { onLookup: (event) => lookups.push(event) });
  const first = await embedder.embed(["a", "b", "a"], { kind: "document" });
  assert.deepEqual(first.vectors, ["a", "b", "a"].map(vectorOf));
  const second = await embedder.embed(["b", "c"], { kind: "document" });
  assert.deepEqual([second.vectors, second.tokens], [["b", "c"].map(vectorOf), 1]);
  await embedder.embed(["a"], { kind: "query" });
  assert.deepEqual(sent(inner), ["a", "b", "c", "a"]);
  assert.deepEqual(lookups, [
    { hits: 1, misses: 2 },
    { hits: 1, misses: 1 },
    { hits: 0, misses: 1 },
  ]);
});

test("what is read together is known by all of it, and asked for as a whole", async () => {
  const { caches } = openMemoryStore();
  const inner = { ...fakeEmbedder(), readsTogether: true };
  const durable = { caches, scope: () => ownerScope("t") };
  const open = () => cacheEmbedder(inner, { durable });
  const together = { kind: "document", together: true } as const;
  await open().embed(["a", "b"], together);
  assert.deepEqual((await open().embed(["a", "b"], together)).vectors, ["a", "b"].map(vectorOf));
  await open().embed(["a", "c"], together);
  await open().embed(["a"], { kind: "document" });
  assert.deepEqual(
    inner.calls.map(({ texts }) => texts),
    [["a", "b"], ["a", "c"], ["a"]],
  );
});

test("callers at the same time share one call; one that gives up does not fail the others", async () => {
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const inner = fakeEmbedder({
    before: async (_, { signal }) => {
      await gate;
      signal?.throwIfAborted();
    },
  });
  const embedder = cacheEmbedder(inner);
  const stop = new AbortController();
  const quitter = embedder.embed(["a"], { kind: "query", signal: stop.signal });
  const others = [embedder.embed(["a"], { kind: "query" }), embedder.embed(["a", "b"], { kind: "query" })];
  assert.deepEqual(sent(inner), ["a", "b"]);
  stop.abort(new Error("mine"));
  openGate();
  await assert.rejects(quitter, /mine/);
  const [one, two] = await Promise.all(others);
  assert.deepEqual(one?.vectors, [vectorOf("a")]);
  assert.deepEqual(two?.vectors, [vectorOf("a"), vectorOf("b")]);
  assert.deepEqual(sent(inner), ["a", "b", "a"]);
});

test("an error is not remembered, and reaches everybody who shared the call", async () => {
  let fails = true;
  const inner = fakeEmbedder({
    before: async () => {
      if (fails) throw new HybridRAGError("provider_failed", "down");
    },
  });
  const embedder = cacheEmbedder(inner);
  const both = [1, 2].map(() => embedder.embed(["a"], { kind: "query" }));
  for (const call of both) await assert.rejects(call, { code: "provider_failed" });
  assert.equal(inner.calls.length, 1);
  fails = false;
  assert.deepEqual((await embedder.embed(["a"], { kind: "query" })).vectors, [vectorOf("a")]);
});

test("with a durable store a new process pays for no document again; tenants do not share", async () => {
  const { caches } = openMemoryStore();
  const durable = (tenant: string) => ({ durable: { caches, scope: () => ownerScope(tenant) } });
  await cacheEmbedder(fakeEmbedder(), durable("t")).embed(["a", "b"], { kind: "document" });
  const later = fakeEmbedder();
  const { vectors, tokens } = await cacheEmbedder(later, durable("t")).embed(["b", "c"], { kind: "document" });
  assert.deepEqual([vectors, tokens, sent(later)], [["b", "c"].map(vectorOf), 1, ["c"]]);
  const other = fakeEmbedder();
  await cacheEmbedder(other, durable("u")).embed(["a"], { kind: "document" });
  assert.deepEqual(sent(other), ["a"]);
});

test("a vector is stored before whatever stands around the bare embedder goes on, and only once", async () => {
  const { caches } = openMemoryStore();
  const stored: string[] = [];
  const counting = {
    ...caches,
    set: async (...call: Parameters<typeof caches.set>): Promise<void> => {
      await caches.set(...call);
      stored.push(call[2]);
    },
  };
  const durable = { caches: counting, scope: () => ownerScope("t"), isKeptInside: true };
  const inner = keepVectors(fakeEmbedder(), durable, () => "t");
  const options = { durable, tenant: () => "t" };
  const broken = {
    ...inner,
    embed: async (...call: Parameters<typeof inner.embed>) => {
      await inner.embed(...call);
      throw new Error("what stands around it fails");
    },
  };
  await assert.rejects(cacheEmbedder(broken, options).embed(["a", "b"], { kind: "document" }));
  assert.equal(stored.length, 2);
  const later = fakeEmbedder();
  const again = cacheEmbedder(
    keepVectors(later, durable, () => "t"),
    options,
  );
  assert.deepEqual((await again.embed(["a", "c"], { kind: "document" })).vectors, ["a", "c"].map(vectorOf));
  assert.deepEqual([sent(later), stored.length], [["c"], 3]);
});

test("a cached vector costs less than a millisecond of CPU", async () => {
  const embedder = cacheEmbedder(fakeEmbedder());
  await embedder.embed(["a question"], { kind: "query" });
  const start = process.cpuUsage();
  for (let i = 0; i < 200; i++) await embedder.embed(["a question"], { kind: "query" });
  const { user, system } = process.cpuUsage(start);
  assert.ok((user + system) / 1000 / 200 < 1);
});

test("a ranking is computed once for the same question and texts", async () => {
  let calls = 0;
  const reranker = cacheReranker({
    model: "r",
    maxCandidates: 10,
    rerank: async () => {
      calls++;
      return { ranking: [{ index: 0, score: 1 }], tokens: 5 };
    },
  });
  const request = { limit: 1 };
  await Promise.all([reranker.rerank("q", ["a"], request), reranker.rerank("q", ["a"], request)]);
  const again = await reranker.rerank("q", ["a"], request);
  assert.deepEqual([calls, again.tokens], [1, 0]);
  await reranker.rerank("q", ["b"], request);
  assert.equal(calls, 2);
});

test("a durable store that cannot be written costs no vector", async () => {
  const { caches } = openMemoryStore();
  const failing = {
    ...caches,
    set: async (): Promise<void> => {
      throw new Error("store down");
    },
  };
  const embedder = cacheEmbedder(fakeEmbedder(), { durable: { caches: failing, scope: () => ownerScope("t") } });
  assert.deepEqual((await embedder.embed(["a"], { kind: "document" })).vectors, [vectorOf("a")]);
});

test("a structured result is paid for once, also in a later process, and never for another tenant", async () => {
  const { caches } = openMemoryStore();
  let calls = 0;
  const bare: LanguageModel = {
    ...quotingModel(),
    generateObject: async () => ({
      value: { n: ++calls },
      usage: { inputTokens: 5, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 },
    }),
  };
  const model = (tenant: string) => {
    const remembered = { caches, scope: () => ownerScope(tenant) };
    return cacheObjects(keepObjects(bare, remembered), remembered);
  };
  const request = { system: "s", messages: [], maxOutputTokens: 9, schema: {}, name: "n" };
  const first = await model("t").generateObject(request);
  const again = await model("t").generateObject({ ...request, signal: new AbortController().signal });
  assert.deepEqual([first.value, again.value, again.usage.inputTokens], [{ n: 1 }, { n: 1 }, 0]);
  assert.deepEqual((await model("u").generateObject(request)).value, { n: 2 });
  assert.deepEqual((await model("t").generateObject({ ...request, system: "other" })).value, { n: 3 });
});
