import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { isHybridRAGError, type ErrorCode, type HybridRAGError } from "../../errors.ts";
import type { Store } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer, type MongoServerOptions } from "../../testing/mongodb/index.ts";
import { openMongoStore, type MongoStore, type MongoStoreOptions } from "./index.ts";

const scope = ownerScope("acme");
const words = { vector: null, text: { query: "walrus" }, filter: null, candidates: 10 };
const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
});

async function world(
  server: MongoServerOptions = {},
  options: Partial<MongoStoreOptions> = {},
): Promise<{ readonly server: MongoServer; readonly store: Store }> {
  const running = await startMongoServer(server);
  const store = await openMongoStore({ uri: running.uri, ...options });
  closing.push(async () => {
    await store.close();
    await running.close();
  });
  await store.prepare(contractIdentity);
  return { server: running, store };
}

async function failure(promise: Promise<unknown>, code: ErrorCode): Promise<HybridRAGError> {
  const error = await promise.then(
    () => assert.fail("it resolved"),
    (thrown: unknown) => thrown,
  );
  assert.ok(isHybridRAGError(error), String(error));
  assert.equal(error.code, code);
  return error;
}

test("a cluster without room for another search index says so, and how many it takes", async () => {
  const { server } = await world({ profile: "atlas" });
  const second = await openMongoStore({ uri: server.uri, database: "another" });
  closing.push(() => second.close());
  const { message } = await failure(second.prepare(contractIdentity), "invalid_config");
  assert.match(message, /no room for another search index.*hybridrag indexes plan/);
});

describe("opening", () => {
  test("no server: an error within the deadline, without the password anywhere", async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const uri = `mongodb://user:hunter2secret@127.0.0.1:${port}/?serverSelectionTimeoutMS=200`;
    const error = await failure(openMongoStore({ uri }), "store_unreachable");
    const shown = [error.message, error.stack, JSON.stringify(error), String((error.cause as Error).stack)].join("\n");
    assert.doesNotMatch(shown, /hunter2secret/);
    assert.match(error.message, /No MongoDB server answers/);
  });

  test("a URI that is none", async () => {
    const error = await failure(openMongoStore({ uri: "mongo://user:hunter2secret@x" }), "invalid_config");
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /hunter2secret/);
  });

  test("a wrong password", async () => {
    const server = await startMongoServer({ users: [{ user: "app", password: "right", privileges: "all" }] });
    closing.push(() => server.close());
    const uri = server.uri.replace("app:right", "app:hunter2secret");
    const connection = { serverSelectionTimeoutMS: 1000 };
    const error = await failure(openMongoStore({ uri, connection }), "store_credentials");
    assert.match(error.message, /user or the password/);
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /hunter2secret/);
  });
});

describe("search indexes that cannot answer are an error, never an empty result", () => {
  test("a server without search stores, and says so when it is asked to search", async () => {
    const { store } = await world({ profile: "8.0" });
    await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
    const error = await failure(store.chunks.search(scope, words), "search_absent");
    assert.match(error.message, /no search/);
    assert.equal((await store.health()).ready, false);
    const { indexes } = store as MongoStore;
    const plan = await indexes.plan();
    assert.deepEqual(
      plan.filter(({ action }) => action !== "keep").map(({ action }) => action),
      ["limit"],
      "the rest is there",
    );
    assert.match(plan[0]!.words, /no search/);
    await failure(indexes.wait({ timeoutMs: 100 }), "search_absent");
  });

  test("an index that is absent", async () => {
    const { store, server } = await world({}, { manageIndexes: false });
    const client = new MongoClient(server.uri);
    await client.db("hybridrag").createCollection("text_chunks");
    await client.close();
    const error = await failure(store.chunks.search(scope, words), "index_absent");
    assert.match(error.message, /vector_knn_index does not exist.*hybridrag indexes apply/);
  });

  test("an index that is being built", async () => {
    const { store } = await world({ buildMs: 60_000 });
    assert.match((await failure(store.chunks.search(scope, words), "index_building")).message, /still being built/);
  });

  test("settling waits for an index that is being built, as long as it may", async () => {
    const { store } = await world({ buildMs: 300 });
    await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
    await failure(store.settle({ timeoutMs: 20 }), "index_building");
    await store.settle({ timeoutMs: 10_000 });
    assert.equal((await store.chunks.search(scope, words)).candidates.length, 1);
  });

  test("an index that failed", async () => {
    const { store, server } = await world();
    server.failSearchIndex("hybridrag.text_chunks", "default", "disk full");
    assert.match((await failure(store.chunks.search(scope, words), "index_failed")).message, /default failed/);
  });

  test("an index of other dimensions", async () => {
    const { store, server } = await world();
    const client = new MongoClient(server.uri);
    const definition = { fields: [{ type: "vector", path: "vector", numDimensions: 9, similarity: "cosine" }] };
    await client.db("hybridrag").collection("text_chunks").updateSearchIndex("vector_knn_index", definition);
    await client.close();
    assert.match((await failure(store.chunks.search(scope, words), "index_mismatch")).message, /9 dimensions/);
  });

  for (const [name, lost] of [
    ["the tenant", "metadata"],
    ["the access list", "readers"],
    ["the words", "terms"],
    ["the chunk's id", "_id"],
  ] as const) {
    test(`an index without ${name}`, async () => {
      const { store, server } = await world();
      const client = new MongoClient(server.uri);
      const chunks = client.db("hybridrag").collection("text_chunks");
      const [index] = await chunks.listSearchIndexes("default").toArray();
      const { latestDefinition } = index as never as {
        latestDefinition: { mappings: { fields: Record<string, unknown> } };
      };
      const { [lost]: _gone, ...fields } = latestDefinition.mappings.fields;
      await chunks.updateSearchIndex("default", { ...latestDefinition, mappings: { dynamic: false, fields } });
      await client.close();
      assert.match((await failure(store.chunks.search(scope, words), "not_ready")).message, /does not hold/);
    });
  }
});

describe("while things go wrong", () => {
  test("a put whose commit is answered by silence is done once", async () => {
    const { store, server } = await world();
    server.faults.arm("commitTransaction", { kind: "cut" });
    const put = await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
    assert.deepEqual(put, { outcome: "indexed", version: 1 });
    assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 1 });
  });

  test("a put meets a step-down and is neither lost nor doubled", async () => {
    const { store, server } = await world({ members: 3, electionMs: 20 });
    const puts = Array.from({ length: 12 }, async (_, index) => {
      if (index === 4) server.stepDown();
      return store.documents.put(scope, versionOf({ id: `d${index}`, parts: ["walrus", "heron"] }));
    });
    assert.ok((await Promise.all(puts)).every(({ outcome }) => outcome === "indexed"));
    assert.deepEqual(await store.documents.count(scope), { documents: 12, chunks: 24 });
  });

  test("an overloaded server is asked again", async () => {
    const { store, server } = await world();
    server.faults.arm("find", { kind: "overload" });
    assert.equal(await store.documents.get(scope, "a"), null);
  });

  test("a slow server ends in a typed error within the deadline", async () => {
    const { store, server } = await world({}, { timeoutMs: 300 });
    server.faults.arm("find", { kind: "slow", milliseconds: 5000 });
    const started = performance.now();
    await failure(store.documents.get(scope, "a"), "deadline_exceeded");
    assert.ok(performance.now() - started < 3000);
  });

  test("search that lags shows up in health, and settle says when it has waited enough", async () => {
    const { store, server } = await world();
    server.faults.searchLagMs = Infinity;
    await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
    assert.equal((await store.health()).behind, 1);
    await failure(store.settle({ timeoutMs: 20 }), "not_ready");
    server.faults.searchLagMs = 0;
    await store.settle();
    assert.equal((await store.health()).behind, 0);
    assert.equal((await store.chunks.search(scope, words)).candidates.length, 1);
  });

  test("a search that cannot see a known write says so, to that tenant only", async () => {
    const { store, server } = await world();
    server.faults.searchLagMs = Infinity;
    await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
    const behind = async (who = scope) => (await store.chunks.search(who, words)).behind;
    assert.equal(await behind(), 1);
    assert.equal(await behind(ownerScope("other")), undefined);
    server.faults.searchLagMs = 0;
    assert.equal(await behind(), undefined);
  });

  test("a passage that only the words found has its cosine all the same", async () => {
    const { store } = await world();
    await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus", "heron", "stork"] }));
    await store.settle();
    const vector = versionOf({ id: "q", parts: ["walrus"] }).chunks[0]!.vector!;
    const both = { ...words, vector, text: { query: "heron" }, candidates: 1 };
    const { candidates } = await store.chunks.search(scope, both);
    const all = await store.chunks.search(scope, { ...words, vector, text: null });
    const exact = new Map(all.candidates.map(({ chunk, cosine }) => [chunk.chunk_id, cosine!]));
    assert.equal(candidates.length, 2);
    assert.ok(candidates.some(({ vectorRank }) => vectorRank === null));
    for (const { chunk, cosine, vector: given } of candidates) {
      assert.ok(Math.abs(cosine! - exact.get(chunk.chunk_id)!) < 1e-6);
      assert.equal(given, undefined);
    }
  });

  test("a burst of searches over a small pool ends without an error, in the order of arrival", async () => {
    const { store } = await world({}, { connection: { maxPoolSize: 4 } });
    for (const id of ["a", "b", "c"]) await store.documents.put(scope, versionOf({ id, parts: ["walrus"] }));
    await store.settle();
    const ended: number[] = [];
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        assert.equal((await store.chunks.search(scope, words)).candidates.length, 3);
        ended.push(index);
      }),
    );
    assert.ok(
      ended.every((index, at) => Math.abs(index - at) < 10),
      `ended in the order ${ended.join(" ")}`,
    );
  });

  test("a match of search that is older than the access list is not shown", async () => {
    const { store, server } = await world();
    await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
    await store.settle();
    server.faults.searchLagMs = Infinity;
    const client = new MongoClient(server.uri);
    await client
      .db("hybridrag")
      .collection("text_chunks")
      .updateMany({}, { $set: { metadata_json: '{"access":["ann"]}' } });
    await client.close();
    const bob = { ...scope, principals: ["bob"] };
    assert.deepEqual((await store.chunks.search(bob, words)).candidates, []);
  });
});

describe("versions too large for a transaction", () => {
  const big = (word: string, count: number) =>
    versionOf({ id: "big", parts: Array.from({ length: count }, (_, index) => `${word} part ${index}`) });

  test("are staged, flip at once, and replace each other", async () => {
    const { store, server } = await world({}, { maxTransactionChunks: 5 });
    assert.deepEqual(await store.documents.put(scope, big("walrus", 20)), { outcome: "indexed", version: 1 });
    assert.deepEqual(await store.documents.put(scope, big("walrus", 20)), { outcome: "unchanged", version: 1 });
    assert.deepEqual(await store.documents.put(scope, big("heron", 7)), { outcome: "updated", version: 2 });
    await store.settle();
    assert.equal((await store.chunks.search(scope, words)).candidates.length, 0);
    const herons = await store.chunks.search(scope, { ...words, text: { query: "heron" } });
    assert.equal(herons.candidates.length, 7);
    assert.equal((await store.chunks.ofDocument(scope, "big")).length, 7);
    const client = new MongoClient(server.uri);
    const db = client.db("hybridrag");
    assert.equal(await db.collection("text_chunks").countDocuments(), 7);
    assert.equal(await db.collection("document_texts").countDocuments(), 1);
    assert.equal(await db.collection("documents").countDocuments({ pending: true }), 0);
    await client.close();
  });

  test("a failure before the flip leaves the version before; one after it is finished by the next start", async () => {
    const { store, server } = await world({}, { maxTransactionChunks: 5 });
    await store.documents.put(scope, big("walrus", 8));
    server.faults.arm("insert", { kind: "error", code: "InternalError" });
    await failure(store.documents.put(scope, big("heron", 9)), "store_failed");
    assert.equal((await store.chunks.ofDocument(scope, "big"))[0]?.content, "walrus part 0");
    // The first update after the flip lets the new chunks into search.
    server.faults.arm("update", { kind: "slow", milliseconds: 0 });
    server.faults.arm("update", { kind: "error", code: "InternalError" });
    await failure(store.documents.put(scope, big("otter", 9)), "store_failed");
    assert.equal((await store.chunks.ofDocument(scope, "big"))[0]?.content, "otter part 0");
    const next = await openMongoStore({ uri: server.uri });
    await next.prepare(contractIdentity);
    await next.settle();
    const otters = await next.chunks.search(scope, { ...words, text: { query: "otter" } });
    assert.equal(otters.candidates.length, 9);
    assert.equal((await next.chunks.search(scope, words)).candidates.length, 0);
    await next.close();
  });

  test("versions whose removal failed again and again are all removed by the next put", async () => {
    const { store, server } = await world({}, { maxTransactionChunks: 5 });
    for (const word of ["walrus", "heron", "otter"]) {
      server.faults.arm("delete", { kind: "error", code: "InternalError" }, 2);
      await store.documents.put(scope, big(word, 8)).catch(() => undefined);
    }
    server.faults.clear();
    await store.documents.put(scope, big("falcon", 3));
    const client = new MongoClient(server.uri);
    assert.equal(await client.db("hybridrag").collection("text_chunks").countDocuments(), 3);
    assert.equal(await client.db("hybridrag").collection("document_texts").countDocuments(), 1);
    await client.close();
  });

  for (const how of ["expires", "is swept by the next start"] as const)
    test(`what a crash leaves before the flip ${how}`, async () => {
      let now = Date.UTC(2026, 0, 1);
      const { store, server } = await world({ now: () => now }, { maxTransactionChunks: 5, now: () => now });
      const client = new MongoClient(server.uri);
      const chunks = client.db("hybridrag").collection("text_chunks");
      server.faults.arm("insert", { kind: "slow", milliseconds: 0 }, 2);
      server.faults.arm("insert", { kind: "error", code: "InternalError" });
      server.faults.arm("delete", { kind: "error", code: "InternalError" }, 3);
      const many = versionOf({ id: "big", parts: Array.from({ length: 600 }, (_, index) => `walrus ${index}`) });
      await failure(store.documents.put(scope, many), "store_failed");
      assert.equal(await chunks.countDocuments(), 500);
      assert.deepEqual(await store.documents.count(scope), { documents: 0, chunks: 0 });
      now += how === "expires" ? 25 * 3_600_000 : 2 * 3_600_000;
      if (how === "expires") server.removeExpired();
      else {
        server.faults.clear();
        await store.prepare(contractIdentity);
      }
      assert.equal(await chunks.countDocuments(), 0);
      await client.close();
    });
});
