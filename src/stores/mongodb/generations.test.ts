import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { reembedStore } from "../../open-reembed.ts";
import { answersOf, fill, former, identityOf, latter, tenants } from "../../reembed-world.test.fixture.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { openMongoStore, type MongoStore } from "./index.ts";

async function server(t: TestContext): Promise<MongoServer> {
  const started = await startMongoServer({ profile: "atlas" });
  t.after(() => started.close());
  return started;
}

async function open(t: TestContext, { uri }: MongoServer): Promise<MongoStore> {
  const store = await openMongoStore({ uri, database: "reembed", maxTransactionChunks: 2 });
  t.after(() => store.close());
  return store;
}

const now = () => performance.now();
const anew = (store: MongoStore, embedder = latter) =>
  reembedStore(store, embedder, identityOf(embedder), { now: () => performance.now() });

/** A passage with the former embedder's vector. */
const passage = async (text: string) => {
  const { vectors } = await former.embed([text], { kind: "document" });
  return versionOf({ id: text, parts: [text], vectors });
};

test("an index made anew answers as one that was ingested with the new embedder, and goes back", async (t) => {
  const one = await server(t);
  const store = await open(t, one);
  await fill(store, former);
  await store.settle();
  const before = await answersOf(store, former);
  const other = await open(t, await server(t));
  await fill(other, latter);
  await other.settle();
  const summary = await anew(await open(t, one));
  assert.ok(summary.outcome === "reembedded" && summary.embedded === summary.chunks + summary.memories);
  const switched = await open(t, one);
  await switched.prepare(identityOf(latter));
  assert.deepEqual(await answersOf(switched, latter), await answersOf(other, latter));
  assert.equal((await anew(await open(t, one))).outcome, "unchanged");

  await switched.generations.rollBack();
  assert.deepEqual(await answersOf(await open(t, one), former), before);
});

test("whoever was open before the switch goes on searching, may not write, and is told when its index is gone", async (t) => {
  const one = await server(t);
  const old = await open(t, one);
  await fill(old, former);
  await old.settle();
  const before = await answersOf(old, former);
  await anew(await open(t, one));
  assert.deepEqual(await answersOf(old, former), before);

  const refusal = { code: "index_mismatch", message: /made anew with .*indexes rollback/ };
  const scope = tenants[0]!;
  await assert.rejects(old.documents.put(scope, await passage("a late heron")), refusal);
  const long = versionOf({ id: "staged", parts: ["a", "b", "c"], vectors: [null, null, null] });
  await assert.rejects(old.documents.put(scope, long), refusal);
  const memory = {
    memory_id: "m",
    agent_id: "a",
    type: "fact",
    content: "x",
    importance: 1,
    metadata: {},
    vector: null,
  };
  await assert.rejects(old.memories.put(scope, memory), refusal);

  await (await open(t, one)).generations.discard();
  const { vectors } = await former.embed(["heron"], { kind: "query" });
  const request = { vector: vectors[0]!, text: null, filter: null, candidates: 5 };
  await assert.rejects(old.chunks.search(scope, request), refusal);
  await assert.rejects(old.chunks.search(scope, { ...request, text: { query: "heron" } }), refusal);
});

test("what other servers write while vectors are made is embedded before the switch", async (t) => {
  const one = await server(t);
  const writer = await open(t, one);
  await fill(writer, former);
  const reembedder = await open(t, one);
  const scope = tenants[0]!;
  let written = 0;
  const embed: typeof latter.embed = async (texts, options) => {
    if (written < 6) await writer.documents.put(scope, await passage(`heron number ${written++}`));
    return latter.embed(texts, options);
  };
  const slow = { ...latter, embed, limits: { items: 4, tokens: 1000, parallel: 1 } };
  const result = await reembedStore(reembedder, slow, identityOf(latter), { now });
  assert.ok(result.outcome === "reembedded" && result.embedded === result.chunks + result.memories);
  const switched = await open(t, one);
  assert.equal(await switched.generations.missing(), 0);
  assert.equal((await switched.documents.count(scope)).documents, 12);
});

test("passages without a vector of the index in use are named by the plan, and embedded by another run", async (t) => {
  const one = await server(t);
  const store = await open(t, one);
  await fill(store, former);
  await anew(await open(t, one));
  const switched = await open(t, one);
  const { vectors } = await latter.embed(["a late heron"], { kind: "document" });
  await switched.documents.put(tenants[0]!, versionOf({ id: "late", parts: ["a late heron"], vectors }));
  await switched.generations.rollBack();
  const back = await open(t, one);
  assert.equal(await back.generations.missing(), 1);
  const words = (await back.indexes.plan()).map((step) => `${step.action} ${step.index}: ${step.words}`);
  assert.ok(
    words.some((line) => /reembed vector_knn_index: 1 passages have no vector/.test(line)),
    words.join("\n"),
  );
  assert.ok(
    words.some((line) => /keep vector_knn_index_1: is the one before/.test(line)),
    words.join("\n"),
  );
  const mended = await anew(back, former);
  assert.ok(mended.outcome === "reembedded" && mended.embedded === 1);
  assert.equal(await (await open(t, one)).generations.missing(), 0);
});

test("a third embedder takes the fields of the first, under a name of its own", async (t) => {
  const one = await server(t);
  await fill(await open(t, one), former);
  await anew(await open(t, one));
  const third = { ...former, fingerprint: "third" };
  await anew(await open(t, one), third);
  const store = await open(t, one);
  const status = await store.indexes.status();
  assert.deepEqual(
    status.map(({ index }) => index),
    ["vector_knn_index_2", "default", "vector_knn_index_1"],
    "in use, and the one before",
  );
  assert.ok(
    (await store.indexes.plan()).every((step) => step.index !== "vector_knn_index"),
    "the first is dropped",
  );
  assert.equal((await store.health()).identity?.embedder, "third");
});
