import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { isHybridRAGError } from "../../errors.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { mention, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer, type TestUser } from "../../testing/mongodb/index.ts";
import { openMongoStore, roleFor, sizingOf, type MongoEvent, type MongoStore, type RoleName } from "./index.ts";

const scope = ownerScope("acme");
const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing.toReversed()) await close();
});

async function startServer(options: Parameters<typeof startMongoServer>[0] = {}): Promise<MongoServer> {
  const server = await startMongoServer(options);
  closing.push(() => server.close());
  return server;
}

async function open(uri: string, options: Partial<Parameters<typeof openMongoStore>[0]> = {}): Promise<MongoStore> {
  const store = await openMongoStore({ uri, ...options });
  closing.push(() => store.close());
  return store;
}

describe("indexes as code", () => {
  test("a plan says in words what apply then does, and nothing is left to do", async () => {
    const server = await startServer({ buildMs: 30 });
    const store = await open(server.uri, { manageIndexes: false });
    await store.prepare(contractIdentity);
    const plan = await store.indexes.plan();
    assert.ok(plan.every((step) => step.action === "create"));
    assert.match(plan.find((step) => step.index === "vector_knn_index")!.words, /create the vectorSearch index/);
    await store.indexes.apply();
    assert.deepEqual(
      (await store.indexes.status()).map(({ queryable }) => queryable),
      [false, false],
    );
    await store.indexes.wait({ timeoutMs: 5000 });
    assert.ok((await store.indexes.plan()).every((step) => step.action === "keep"));
    const status = await store.indexes.status();
    assert.deepEqual(
      status.map(({ index, status: word, queryable, isCurrent }) => [index, word, queryable, isCurrent]),
      [
        ["vector_knn_index", "READY", true, true],
        ["default", "READY", true, true],
      ],
    );
  });

  test("a changed setting is an update, answered by the old index meanwhile, and can be taken back", async () => {
    const server = await startServer();
    const first = await open(server.uri);
    await first.prepare(contractIdentity);
    const fields = [{ path: "metadata.color", kind: "string" }] as const;
    const second = await open(server.uri, { manageIndexes: false, indexes: { fields } });
    await second.prepare(contractIdentity);
    const actions = async () => (await second.indexes.plan()).slice(0, 2).map((step) => step.action);
    assert.deepEqual(await actions(), ["update", "update"]);
    await second.indexes.apply();
    await second.indexes.wait({ timeoutMs: 5000 });
    assert.deepEqual(await actions(), ["keep", "keep"]);
    const back = await second.indexes.rollback();
    assert.deepEqual(
      back.map((step) => step.action),
      ["update", "update"],
    );
    assert.deepEqual(await actions(), ["update", "update"]);
    assert.ok((await first.indexes.plan()).slice(0, 2).every((step) => step.action === "keep"));
  });

  test("waiting for an index that failed ends with its message", async () => {
    const server = await startServer({ buildMs: 1000 });
    const store = await open(server.uri);
    await store.prepare(contractIdentity);
    server.failSearchIndex("hybridrag.text_chunks", "default", "disk full");
    await assert.rejects(store.indexes.wait({ timeoutMs: 5000 }), (error) => {
      assert.ok(isHybridRAGError(error));
      assert.match(error.message, /default failed: disk full/);
      return error.code === "not_ready" && !error.retryable;
    });
  });
});

test("capabilities are found by trial, not by version", async () => {
  const found = async (profile: "8.0" | "8.2" | "atlas") => (await open((await startServer({ profile })).uri)).probe();
  const none = { search: false, rankFusion: false, scoreFusion: false, lexicalPrefilter: false };
  assert.deepEqual(await found("8.0"), none);
  assert.deepEqual(await found("8.2"), { ...none, search: true, rankFusion: true, scoreFusion: true });
  assert.deepEqual(await found("atlas"), { ...none, search: true, rankFusion: true, lexicalPrefilter: true });
});

test("slow commands are told of by their shape, without a value, and pools by their counts", async () => {
  const server = await startServer();
  const events: MongoEvent[] = [];
  const store = await open(server.uri, { events: { slowMs: 20, onEvent: (event) => events.push(event) } });
  await store.prepare(contractIdentity);
  server.faults.arm("find", { kind: "slow", milliseconds: 40 });
  await store.caches.get(scope, "space", "secret-word");
  const slow = events.filter((event) => event.type === "slow-command");
  const found = slow.find((event) => event.command === "find");
  assert.ok(found && found.milliseconds > 20 && !found.failed);
  assert.equal(found.collection, "caches");
  assert.match(found.fingerprint, /^find:\?,filter:\{_id:\?,\$or:\[/);
  assert.doesNotMatch(JSON.stringify(events), /secret-word/);
  const pools = events.filter((event) => event.type === "pool");
  assert.ok(pools.some((event) => event.connections > 0 && event.checkedOut > 0));
  assert.deepEqual([pools.at(-1)?.checkedOut, pools.at(-1)?.waiting], [0, 0]);
});

test("a record without a tenant is refused by the collection itself", async () => {
  const server = await startServer();
  const store = await open(server.uri);
  await store.prepare(contractIdentity);
  const client = new MongoClient(server.uri);
  const db = client.db("hybridrag");
  for (const name of ["documents", "text_chunks", "conversation_sessions", "conversation_messages", "agent_memory"])
    await assert.rejects(db.collection(name).insertOne({ content: "x" }), /failed validation/, name);
  await client.close();
});

test("sizes are read by $collStats", async () => {
  const store = await open((await startServer()).uri);
  await store.prepare(contractIdentity);
  await store.documents.put(scope, versionOf({ id: "a", parts: ["one", "two"] }));
  const chunks = (await store.sizes()).find((size) => size.collection === "text_chunks");
  assert.equal(chunks?.documents, 2);
  assert.ok(chunks.dataBytes > 500 && chunks.indexBytes > 0);
});

test("quantization is chosen by size in memory, with the reason", () => {
  assert.equal(sizingOf(100_000, 1024).quantization, "none");
  assert.match(sizingOf(100_000, 1024).reason, /take 0\.40 GB in memory/);
  assert.equal(sizingOf(2_000_000, 1024).quantization, "scalar");
  assert.equal(sizingOf(30_000_000, 1024).quantization, "binary");
  assert.equal(sizingOf(30_000_000, 1001).quantization, "scalar");
  assert.match(sizingOf(2_000_000, 1024).searchNodes, /S\d0/);
});

describe("roles", () => {
  const users = (["app", "ingest", "operator"] as const).map((role): TestUser & { readonly user: RoleName } => ({
    user: role,
    password: "secret",
    privileges: roleFor(role, "hybridrag").privileges,
  }));

  const uriFor = (server: MongoServer, user: RoleName): string => server.uri.replace(/\/\/[^@]+@/, `//${user}:secret@`);

  /** Everything that answering questions does. */
  async function answer(store: MongoStore): Promise<void> {
    const vector = versionOf({ id: "q", parts: ["walrus"] }).chunks[0]!.vector;
    await store.chunks.search(scope, { vector, text: { query: "walrus" }, filter: null, candidates: 5 });
    await store.documents.text(scope, "a");
    await store.graph.entities(scope, ["kafka"]);
    await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
    await store.sessions.append(scope, "s", [{ role: "user", content: "hi" }], { ttlMs: 2000 });
    await store.sessions.messages(scope, "s", {});
    await store.sessions.delete(scope, "s");
    const memory = { memory_id: "m", agent_id: "a", type: "t", content: "c", importance: 1, metadata: {} };
    await store.memories.put(scope, { ...memory, vector: null });
    await store.memories.touch(scope, "a", ["m"]);
    await store.memories.delete(scope, "a", "m");
    const jobId = crypto.randomUUID();
    await store.jobs.create(scope, { jobId, kind: "k", input: null });
    await store.jobs.claim({ owner: "o", kinds: ["k"], leaseMs: 1000 });
    await store.caches.set(scope, "s", "k", 1, null);
    await store.caches.get(scope, "s", "k");
    await store.caches.delete(scope, "s", "k");
    const key = { key_id: jobId, tenant: scope.tenant, name: "n", secret_hash: "00", principals: "all" } as const;
    const dates = { created_at: "2026-01-01T00:00:00Z", expires_at: null, revoked_at: null, last_used_at: null };
    await store.keys.put({ ...key, ...dates, scopes: ["query"] });
    await store.keys.find(jobId);
    const entry = { at: dates.created_at, actor: "a", action: "b", target: "c", outcome: "d", request_id: null };
    await store.audit.append(scope, entry);
    await store.audit.list(scope, { limit: 5 });
  }

  async function ingestAndDelete(store: MongoStore, id: string): Promise<void> {
    const graph = { mentions: [mention(`${id}:0`, "kafka")] };
    await store.documents.put(scope, versionOf({ id, parts: ["walrus"], graph }));
    await store.documents.put(scope, versionOf({ id, parts: ["walrus", "heron"] }));
    await store.documents.delete(scope, id);
    await store.documents.put(scope, versionOf({ id, parts: ["walrus"], graph }));
    await store.settle();
  }

  const seen = (server: MongoServer, user: RoleName): readonly string[] =>
    [
      ...new Set(
        server.journal.entries
          .filter((entry) => entry.user === user && entry.code === 0)
          .flatMap((entry) => entry.rights),
      ),
    ].toSorted();

  const granted = (role: RoleName): readonly string[] =>
    roleFor(role, "hybridrag")
      .privileges.flatMap(({ resource, actions }) => actions.map((action) => `${resource.collection}:${action}`))
      .toSorted();

  test("hold what the code really does, no more and no less", async () => {
    const server = await startServer({ users });
    const operator = await open(uriFor(server, "operator"), { maxTransactionChunks: 0 });
    await operator.prepare(contractIdentity);
    await operator.indexes.apply();
    await operator.indexes.plan();
    await operator.indexes.wait({ timeoutMs: 5000 });
    await ingestAndDelete(operator, "a");
    await answer(operator);
    await operator.sizes();
    const ingest = await open(uriFor(server, "ingest"), { manageIndexes: false, maxTransactionChunks: 0 });
    await ingest.prepare(contractIdentity);
    await ingestAndDelete(ingest, "b");
    await answer(ingest);
    const app = await open(uriFor(server, "app"), { manageIndexes: false });
    await app.prepare(contractIdentity);
    await answer(app);
    for (const role of ["app", "ingest"] as const) assert.deepEqual(seen(server, role), granted(role), role);
    const unused = ["text_chunks:dropSearchIndex", "text_chunks:updateSearchIndex"];
    assert.deepEqual(
      granted("operator").filter((right) => !seen(server, "operator").includes(right)),
      unused,
    );
    const refused = await app.documents
      .put(scope, versionOf({ id: "z", parts: ["x"] }))
      .catch((error: unknown) => error);
    assert.ok(isHybridRAGError(refused) && refused.code === "invalid_config");
  });

  test("a database user without rights to another database sees nothing of it", async () => {
    const server = await startServer({ users });
    const client = new MongoClient(uriFor(server, "app"));
    await assert.rejects(client.db("other").collection("text_chunks").find().toArray(), /not authorized/);
    await client.close();
  });
});
