import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../config/config.ts";
import { openMongoStore, roleFor } from "../stores/mongodb/index.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import type { Check } from "./check.ts";
import { checklist } from "./checklist.ts";
import { examine, type Examined } from "./examine.ts";

const noFetch = () => assert.fail("nothing may be fetched");

async function look(
  environment: Readonly<Record<string, string>>,
  options: { readonly url?: string; readonly fetch?: typeof fetch } = {},
): Promise<ReadonlyMap<string, Examined>> {
  const { config } = loadConfig({ environment: { HYBRIDRAG_EMBEDDER: "none", ...environment } });
  const list = checklist(config, { url: options.url ?? null, calls: true, fetch: options.fetch ?? noFetch });
  const found = new Map<string, Examined>();
  for await (const one of examine(list.checks, { timeoutMs: 10_000 })) found.set(one.id, one);
  await list.close();
  return found;
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "doctor-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

const stateOf = (found: ReadonlyMap<string, Examined>, id: string) => found.get(id)?.state;

test("on one machine the checklist needs nothing and changes nothing", async (t) => {
  const directory = await folder(t);
  const found = await look({ HYBRIDRAG_DATA_DIR: join(directory, "data") });
  assert.deepEqual(
    [...found.values()].filter(({ state }) => state === "failed"),
    [],
  );
  assert.equal(stateOf(found, "store.health"), "warning");
  assert.match(found.get("store.health")?.remedy ?? "", /hybridrag ingest/);
  assert.equal(found.has("security.tls"), false, "a cluster's lines have no place here");
  assert.deepEqual(await readdir(directory), []);
});

test("a cluster in use passes, and its open door does not", async (t) => {
  const server = await startMongoServer({ profile: "atlas" });
  const store = await openMongoStore({ uri: server.uri });
  t.after(() => server.close());
  await store.prepare({ embedder: "none", dimensions: 0, chunker: "c" });
  await store.close();
  const found = await look({ MONGODB_URI: server.uri });
  for (const id of [
    "store.cluster",
    "store.search",
    "indexes.default",
    "indexes.supporting",
    "configuration.connections",
  ])
    assert.notEqual(stateOf(found, id), "failed", found.get(id)?.message);
  assert.equal(stateOf(found, "security.tls"), "failed");
  assert.match(found.get("security.rights")?.message ?? "", /asks for no credentials/);
});

test("missing indexes are named with the command that makes them", async (t) => {
  const server = await startMongoServer({ profile: "atlas" });
  t.after(() => server.close());
  const found = await look({ MONGODB_URI: server.uri });
  for (const id of ["indexes.default", "indexes.supporting"]) {
    assert.equal(stateOf(found, id), "failed");
    assert.match(found.get(id)?.remedy ?? "", /hybridrag indexes apply/);
  }
});

test("rights beyond the work are named; the generated role is no such thing", async (t) => {
  const generated = roleFor("operator", "hybridrag").privileges;
  const wide = [...generated, { resource: { db: "", collection: "" }, actions: ["find", "insert"] }];
  const users = [
    { user: "operator", password: "secret-one", privileges: generated },
    { user: "anybody", password: "secret-two", privileges: wide },
    { user: "app", password: "secret-three", privileges: roleFor("app", "hybridrag").privileges },
  ];
  const server = await startMongoServer({ profile: "atlas", users });
  t.after(() => server.close());
  const as = (user: string, password: string) =>
    look({ MONGODB_URI: server.uri.replace(/^mongodb:\/\/[^@]*@/, `mongodb://${user}:${password}@`) });
  assert.equal(stateOf(await as("operator", "secret-one"), "security.rights"), "ok");
  const app = await as("app", "secret-three");
  assert.equal(stateOf(app, "store.search"), "ok", "every role may try what the cluster has");
  assert.equal(stateOf(app, "indexes.supporting"), "unknown", "it may not list indexes, and need not");
  const found = await as("anybody", "secret-two");
  assert.match(found.get("security.rights")?.message ?? "", /any database\.\*: insert\b/);
  assert.ok(![...found.values()].some(({ message }) => message.includes("secret-two")));
  const wrong = await as("operator", "secret-wrong");
  assert.match(wrong.get("store.health")?.message ?? "", /refuses the user or the password/);
});

test("a running service is asked whether it is alive and ready", async (t) => {
  const fetch = (async (address: URL) =>
    new Response(null, { status: String(address).endsWith("/readyz") ? 503 : 200 })) as typeof globalThis.fetch;
  const found = await look({ HYBRIDRAG_DATA_DIR: await folder(t) }, { url: "https://rag.example.com", fetch });
  assert.equal(stateOf(found, "operation.livez"), "ok");
  assert.equal(stateOf(found, "operation.readyz"), "failed");
});

test("a check that throws or hangs has failed, and those behind it still run", async () => {
  const check = (id: string, run: Check["run"]): Check => ({ id, area: "machine", run });
  const checks = [
    check("throws", () => Promise.reject(new Error("broken"))),
    check("hangs", () => Promise.withResolvers<never>().promise),
    check("works", async () => ({ state: "ok", message: "well" })),
  ];
  const found: Examined[] = [];
  for await (const one of examine(checks, { timeoutMs: 5 })) found.push(one);
  assert.deepEqual(
    found.map(({ id, state }) => `${id} ${state}`),
    ["throws failed", "hangs failed", "works ok"],
  );
});
