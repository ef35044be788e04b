import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MongoClient } from "mongodb";
import { contractIdentity } from "../../testing/contract/case.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

async function world(t: TestContext) {
  const server = await startMongoServer({});
  const client = new MongoClient(server.uri);
  t.after(async () => {
    await client.close();
    await server.close();
  });
  const open = async (manageIndexes = true) => {
    const store = await openMongoStore({ uri: server.uri, manageIndexes, now: () => 1000 });
    t.after(() => store.close());
    return store;
  };
  const db = client.db("hybridrag");
  const format = () => db.collection<{ _id: string }>("index_state").findOne({ _id: "format" });
  return { db, open, format };
}

test("a database of an earlier version is brought up once, with a plan before and a record after", async (t) => {
  const { db, open, format } = await world(t);
  await db.createCollection("documents");
  const store = await open(false);
  const steps = async () => (await store.indexes.plan()).filter(({ index }) => index === "format");
  assert.match((await steps())[0]!.words, /format 1: .*validators/);
  await store.indexes.apply();
  assert.deepEqual(await steps(), []);
  const { _id, ...recorded } = (await format())!;
  assert.deepEqual(JSON.parse(JSON.stringify(recorded)), {
    version: 1,
    migrations: [
      {
        version: 1,
        words: "collections that are there already get the validators of this version",
        at: "1970-01-01T00:00:01.000Z",
      },
    ],
  });
  await assert.rejects(db.collection("documents").insertOne({ title: "nobody's" }), { code: 121 });
});

test("servers that start at once record it once", async (t) => {
  const { open, format } = await world(t);
  const stores = await Promise.all([open(), open(), open()]);
  await Promise.all(stores.map((store) => store.prepare(contractIdentity)));
  assert.equal(((await format()) as { migrations?: readonly unknown[] } | null)?.migrations?.length, 1);
});

test("what a newer version wrote is not opened", async (t) => {
  const { db, open } = await world(t);
  await db.collection<{ _id: string; version: number }>("index_state").insertOne({ _id: "format", version: 99 });
  await assert.rejects(open(), { code: "data_newer", message: /format 99.*upgrade HybridRAG/ });
});
