import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MongoClient } from "mongodb";
import { reembedStore } from "../../open-reembed.ts";
import { answersOf, fill, former, identityOf, latter } from "../../reembed-world.test.fixture.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore, type IndexStep } from "./index.ts";

/** A store with an index of the former embedder, as operators open it. */
async function world(t: TestContext) {
  const server = await startMongoServer({ profile: "atlas" });
  t.after(() => server.close());
  const open = async () => {
    const store = await openMongoStore({ uri: server.uri });
    t.after(() => store.close());
    return store;
  };
  const first = await open();
  await fill(first, former);
  await first.settle();
  return { server, open };
}

const changes = (steps: readonly IndexStep[]) =>
  steps.filter(({ action }) => action !== "keep").map(({ action, index }) => `${action} ${index}`);

const wanted = identityOf(latter);
const anew = { now: () => performance.now() };

test("the way to another embedder is a plan, an index beside the one in use, new vectors, a switch and a way back", async (t) => {
  const { open } = await world(t);
  const { indexes } = await open();
  const way = ["create vector_knn_index_1", "reembed vector_knn_index_1"];
  const planned = await indexes.plan({ wanted });
  assert.deepEqual(changes(planned), way);
  assert.match(
    planned.find(({ action }) => action === "reembed")!.words,
    /`hybridrag indexes reembed` embeds \d+ passages/,
  );
  assert.deepEqual(changes(await indexes.plan()), [], "nothing was changed by planning");

  assert.deepEqual(changes(await indexes.apply({ wanted })), way);
  await indexes.wait({ timeoutMs: 5000 });
  assert.deepEqual(
    (await indexes.status()).map(({ index, status }) => [index, status]),
    [
      ["vector_knn_index", "READY"],
      ["default", "READY"],
      ["vector_knn_index_1", "READY"],
    ],
  );
  assert.deepEqual(changes(await indexes.plan({ wanted })), ["wait vector_knn_index_1"]);
  const before = await answersOf(await open(), former);

  await reembedStore(await open(), latter, wanted, anew);
  const switched = await open();
  assert.deepEqual(changes(await switched.indexes.plan({ wanted })), []);
  await answersOf(switched, latter);

  await switched.generations.rollBack();
  const back = await open();
  assert.deepEqual(await answersOf(back, former), before);
  const offer = (await back.indexes.plan({ wanted })).find(({ words }) =>
    words.includes("`hybridrag indexes rollback` puts"),
  );
  assert.equal(offer?.index, "vector_knn_index_1");
  await back.indexes.apply({ wanted });
  await back.generations.rollBack();
  await answersOf(await open(), latter);
});

test("an index that gives way to the third embedder is named before it is dropped", async (t) => {
  const { open } = await world(t);
  await reembedStore(await open(), latter, wanted, anew);
  const { indexes } = await open();
  const third = { ...wanted, embedder: "a third" };
  const steps = ["drop vector_knn_index", "create vector_knn_index_2", "reembed vector_knn_index_2"];
  assert.deepEqual(changes(await indexes.plan({ wanted: third })), steps, "and a free cluster has room");
  await indexes.apply({ wanted: third });
  assert.deepEqual(
    (await indexes.status()).map(({ index }) => index),
    ["vector_knn_index_1", "default", "vector_knn_index_2"],
  );
});

test("a free cluster without room for an index beside the others says so in the plan and when it is applied", async (t) => {
  const { server, open } = await world(t);
  const client = new MongoClient(server.uri);
  t.after(() => client.close());
  const own = { name: "own", definition: { mappings: { dynamic: false, fields: { content: { type: "string" } } } } };
  await client.db("hybridrag").collection("text_chunks").createSearchIndex(own);
  const { indexes } = await open();
  const limit = (await indexes.plan({ wanted })).find(({ action }) => action === "limit");
  assert.match(limit?.words ?? "", /free cluster has room for 3 search indexes, and there would be 4/);
  await assert.rejects(indexes.apply({ wanted }), {
    code: "invalid_config",
    message: /no room for another search index/,
  });
  await client.db("hybridrag").collection("text_chunks").dropSearchIndex("own");
  assert.ok(changes(await indexes.plan({ wanted })).includes("create vector_knn_index_1"));
  await indexes.apply({ wanted });
  await indexes.wait({ timeoutMs: 5000 });
  await reembedStore(await open(), latter, wanted, anew);
  await answersOf(await open(), latter);
});

test("settings that only cut documents otherwise are told apart from another embedder", async (t) => {
  const { open } = await world(t);
  const other = { ...identityOf(former), chunker: "another cut" };
  const steps = (await (await open()).indexes.plan({ wanted: other })).filter(({ action }) => action !== "keep");
  assert.deepEqual(changes(steps), ["reembed passages"]);
  assert.match(steps[0]!.words, /stored passages stay/);
});
