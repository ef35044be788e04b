import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { MongoClient, type Db } from "mongodb";
import type { Assertion, Mention } from "../../records.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { assertion, mention, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("acme");

/** A store, and the database as somebody opens it with the driver. */
async function world(t: TestContext) {
  const server = await startMongoServer({});
  const client = new MongoClient(server.uri);
  const store = await openMongoStore({ uri: server.uri });
  t.after(async () => {
    await client.close();
    await store.close();
    await server.close();
  });
  return { store, db: client.db("hybridrag") };
}

type Row = Readonly<Record<string, unknown>>;

const read = (db: Db, name: string, filter: Row): Promise<readonly Row[]> =>
  db
    .collection(name)
    .find(filter)
    .project<Row>({ _id: 0 })
    .sort({ normalized_name: 1, source_entity: 1, target_entity: 1, type: 1 })
    .toArray();

const names = ["kafka", "lund", "sea"] as const;
const spellings = ["Kafka", "KAFKA", "kafka"] as const;
const mentions = fc.array(
  fc.record({
    entity: fc.constantFrom(...names),
    name: fc.constantFrom(...spellings),
    type: fc.constantFrom("person", "place"),
  }),
  { maxLength: 6 },
);
const assertions = fc.array(
  fc.record({
    source_entity: fc.constantFrom(...names),
    target_entity: fc.constantFrom(...names),
    type: fc.constantFrom("knows", "near"),
    description: fc.constantFrom("a", "b", "c"),
    weight: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 6 },
);
const documents = fc.array(fc.record({ mentions, assertions }), { minLength: 1, maxLength: 4 });

test("entities and relationships can be read as collections, and say what the graph says", async (t) => {
  const { store, db } = await world(t);
  await store.prepare(contractIdentity);
  let tenant = 0;
  await fc.assert(
    fc.asyncProperty(documents, async (made) => {
      const own = ownerScope(`tenant-${(tenant += 1)}`);
      for (const [index, one] of made.entries()) {
        const at = `d${index}:0`;
        const graph = {
          mentions: one.mentions.map((part): Mention => ({ ...mention(at, part.entity), ...part })),
          assertions: one.assertions.map((part): Assertion => ({
            ...assertion(at, part.source_entity, part.target_entity),
            ...part,
          })),
        };
        await store.documents.put(own, versionOf({ id: `d${index}`, parts: ["text"], graph }));
      }
      const { items } = await store.graph.list(own, { limit: 10 });
      const shown = await read(db, "entities", { tenant_id: own.tenant });
      assert.deepEqual(
        shown,
        items.map(({ description: _none, ...entity }) => ({ tenant_id: own.tenant, ...entity })),
      );
      const around = await Promise.all(
        names.map((entity) => store.graph.neighbours(own, { entity, limit: 100, filter: null })),
      );
      const stated = new Map(
        around.flat().map((one) => [JSON.stringify([one.source_entity, one.target_entity, one.type]), one]),
      );
      assert.deepEqual(
        await read(db, "relationships", { tenant_id: own.tenant }),
        [...stated].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => ({ tenant_id: own.tenant, ...one })),
      );
    }),
    { numRuns: 25 },
  );
});

test("a passage that is deleted is gone from the views at once, and nobody can write to them", async (t) => {
  const { store, db } = await world(t);
  await store.prepare(contractIdentity);
  const graph = { mentions: [mention("a:0", "kafka")] };
  await store.documents.put(scope, versionOf({ id: "a", parts: ["x"], graph }));
  assert.equal(await db.collection("entities").countDocuments({ normalized_name: "kafka" }), 1);
  await assert.rejects(db.collection("entities").insertOne({ normalized_name: "mine" }), /is a view/);
  await store.documents.delete(scope, "a");
  assert.equal(await db.collection("entities").countDocuments({}), 0);
});

test("a plan names the views, apply makes and mends them, and a collection of somebody else is left alone", async (t) => {
  const { store, db } = await world(t);
  const steps = async () =>
    (await store.indexes.plan()).filter(({ index }) => index === "view").map(({ action, words }) => [action, words]);
  assert.deepEqual(
    (await steps()).map(([action]) => action),
    ["create", "create"],
  );
  await db.createCollection("entities", { viewOn: "text_chunks", pipeline: [{ $match: { live: false } }] });
  await db.collection<{ _id: string }>("relationships").insertOne({ _id: "own" });
  assert.deepEqual(
    (await steps()).map(([action]) => action),
    ["update", "keep"],
  );
  await store.indexes.apply();
  assert.deepEqual(await steps(), [
    ["keep", "the view entities is there"],
    ["keep", "relationships is a collection that others made; it is left alone"],
  ]);
  assert.equal(await db.collection("relationships").countDocuments({}), 1);
});
