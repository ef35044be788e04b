import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Long } from "mongodb";
import { contractIdentity } from "../../testing/contract/case.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { ownerScope } from "../../scope.ts";
import { atAngle, versionOf } from "../../testing/contract/examples.ts";
import { stagesOf } from "./diagnose.ts";
import { openMongoStore } from "./index.ts";

const server = await startMongoServer({ members: 3 });
const store = await openMongoStore({ uri: server.uri });
after(async () => {
  await store.close();
  await server.close();
});

test("an explained search is a list of stages with their times, also shard by shard", () => {
  const stages = [
    {
      $_internalSearchMongotRemote: { mongotQuery: {}, explain: { stats: { millisElapsed: 3 } } },
      nReturned: Long.fromNumber(7),
    },
    { $_internalSearchIdLookup: {}, nReturned: 6, executionTimeMillisEstimate: Long.fromNumber(12) },
  ];
  const expected = (shard: string) => [
    { shard, stage: "$_internalSearchMongotRemote", milliseconds: 3, returned: 7 },
    { shard, stage: "$_internalSearchIdLookup", milliseconds: 12, returned: 6 },
  ];
  assert.deepEqual(stagesOf({ explainVersion: "1", stages, ok: 1 }), expected("-"));
  assert.deepEqual(stagesOf({ shards: { a: { stages }, b: { stages } } }), [...expected("a"), ...expected("b")]);
  assert.deepEqual(stagesOf({ queryPlanner: {} }), []);
});

test("a diagnosis says what the connection leads to and what each leg takes", async () => {
  await store.prepare(contractIdentity);
  await store.indexes.wait({ timeoutMs: 5000 });
  const connection = await store.diagnose.connection();
  assert.equal(connection.servers.length, 3);
  assert.ok(connection.primary !== null && connection.servers.includes(connection.primary));
  assert.equal(connection.capabilities.search, true);
  const scope = ownerScope("acme");
  await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"], metadata: { category: "b" } }));
  const request = {
    vector: atAngle(1),
    text: { query: "walrus" },
    filter: { op: "eq", field: "metadata.category", value: "b" },
    candidates: 5,
  } as const;
  const own = await store.diagnose.searches({ scope, request });
  assert.deepEqual(
    own.map(({ leg, stages }) => [leg, stages[0]?.stage]),
    [
      ["vector", "$vectorSearch"],
      ["text", "$_internalSearchMongotRemote"],
    ],
  );
  const searches = await store.diagnose.searches();
  assert.deepEqual(
    searches.map(({ leg, stages }) => [leg, stages[0]?.stage]),
    [
      ["vector", "$vectorSearch"],
      ["text", "$_internalSearchMongotRemote"],
    ],
  );
});
