import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { isHybridRAGError } from "../../errors.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { mention, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer, type TestUser } from "../../testing/mongodb/index.ts";
import { collectionSchemas } from "./collection-schemas.ts";
import { limitsOfSharedClusters } from "./cluster-limits.ts";
import { graphViews } from "./graph-views.ts";
import { searchIndexes } from "./indexes.ts";
import { applySharding, shardingSteps } from "./sharding.ts";
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
    const server = await startServer({ buildMs: 500 });
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
      return error.code === "index_failed" && !error.retryable;
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
  const found = slow.find(({ command, collection }) => command === "find" && collection === "caches");
  assert.ok(found && found.milliseconds > 20 && !found.failed);
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

test("health counts the connections, for the gauges of the service", async () => {
  const store = await open((await startServer()).uri);
  await store.prepare(contractIdentity);
  const { details } = await store.health();
  assert.ok(Number(details["connections_open"]) >= 1);
  assert.equal(details["calls_waiting"], 0);
});

test("searches are read as the URI says, everything else on the primary", async () => {
  const server = await startServer({ members: 3 });
  const first = await open(server.uri);
  await first.prepare(contractIdentity);
  await first.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
  await first.settle();
  const said = "readPreference=secondary&readPreferenceTags=region:eu&readPreferenceTags=&maxStalenessSeconds=120";
  const store = await open(`${server.uri}${server.uri.includes("?") ? "&" : "?"}${said}`);
  server.journal.clear();
  const found = await store.chunks.search(scope, {
    vector: null,
    text: { query: "walrus" },
    filter: null,
    candidates: 5,
  });
  assert.equal(found.candidates.length, 1);
  await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
  const preferences = server.journal.entries.map(
    ({ body }) => [JSON.stringify(body["pipeline"] ?? "").includes("$search"), body["$readPreference"]] as const,
  );
  const ofSearch = preferences.filter(([isSearch]) => isSearch).map(([, preference]) => preference);
  assert.ok(ofSearch.length > 0);
  for (const preference of ofSearch) assert.match(JSON.stringify(preference), /secondary.*region.*120/);
  for (const [isSearch, preference] of preferences)
    if (!isSearch) assert.doesNotMatch(JSON.stringify(preference ?? {}), /secondary"/);
});

describe("limits and sharding", () => {
  test("a plan names what free and flex clusters have no room for", () => {
    const specs = searchIndexes({ dimensions: 4 });
    assert.deepEqual(limitsOfSharedClusters(specs, []), []);
    assert.match(limitsOfSharedClusters(specs, ["other", "another"])[0]!, /free cluster has room for 3 .* be 4/);
    const many = Array.from({ length: 300 }, (_, at) => ({ path: `metadata.f${at}`, kind: "number" }) as const);
    const words = limitsOfSharedClusters(searchIndexes({ dimensions: 4, fields: many }), []).join("; ");
    assert.match(words, /definition of default has \d+ bytes/);
    assert.match(words, /vector_knn_index has 30\d fields/);
  });

  test("both shard keys are commands, in the plan and as they are sent", async () => {
    const sent: unknown[] = [];
    await applySharding(shardingSteps("rag", "tenant"), async (command) => void sent.push(command));
    await applySharding(shardingSteps("rag", "id").slice(1), async (command) => void sent.push(command));
    assert.deepEqual(sent, [
      { enableSharding: "rag" },
      { shardCollection: "rag.text_chunks", key: { "metadata.tenant_id": 1, _id: 1 } },
      { shardCollection: "rag.text_chunks", key: { _id: "hashed" } },
    ]);
  });

  test("a replica set cannot be sharded, which is said", async () => {
    const store = await open((await startServer()).uri);
    await store.prepare(contractIdentity);
    const plan = await store.indexes.plan({ sharded: "id" });
    assert.match(
      plan.map(({ words }) => words).join("\n"),
      /db\.adminCommand\(\{"shardCollection":"hybridrag\.text_chunks"/,
    );
    await assert.rejects(store.indexes.apply({ sharded: "id" }), { code: "invalid_config", message: /mongos/ });
  });
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
  const users: readonly TestUser[] = [
    ...(["app", "ingest", "operator"] as const).map((role) => ({
      user: role,
      password: "secret",
      privileges: roleFor(role, "hybridrag").privileges,
    })),
    { user: "root", password: "secret", privileges: "all" },
  ];

  const uriFor = (server: MongoServer, user: RoleName | "root"): string =>
    server.uri.replace(/\/\/[^@]+@/, `//${user}:secret@`);

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
    const change = { kind: "delete", entity: "kafka" } as const;
    const edit = { edit_id: id, actor: "owner", created_at: "2026-01-01T00:00:00Z", change };
    await store.graph.edit(scope, edit, (await store.graph.edits(scope)).length);
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

  /** As an earlier version left it: other validators, other views, no number. */
  async function makeOlder(server: MongoServer): Promise<void> {
    const root = new MongoClient(uriFor(server, "root"));
    const db = root.db("hybridrag");
    for (const name of Object.keys(collectionSchemas)) await db.command({ collMod: name, validator: {} });
    for (const { name } of graphViews) await db.command({ collMod: name, viewOn: "text_chunks", pipeline: [] });
    await db.collection<{ _id: string }>("index_state").deleteOne({ _id: "format" });
    await root.close();
  }

  test("hold what the code really does, no more and no less", async () => {
    const server = await startServer({ users });
    const operator = await open(uriFor(server, "operator"), { maxTransactionChunks: 0 });
    await operator.prepare(contractIdentity);
    await makeOlder(server);
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
    // Changed definitions of search indexes; views are read by people.
    const unused = [
      "entities:find",
      "relationships:find",
      "text_chunks:dropSearchIndex",
      "text_chunks:updateSearchIndex",
    ];
    assert.deepEqual(
      granted("operator").filter((right) => !seen(server, "operator").includes(right)),
      unused,
    );
    const refused = await app.documents
      .put(scope, versionOf({ id: "z", parts: ["x"] }))
      .catch((error: unknown) => error);
    assert.ok(isHybridRAGError(refused) && refused.code === "store_rights");
  });

  test("a database user without rights to another database sees nothing of it", async () => {
    const server = await startServer({ users });
    const client = new MongoClient(uriFor(server, "app"));
    await assert.rejects(client.db("other").collection("text_chunks").find().toArray(), /not authorized/);
    await client.close();
  });
});
