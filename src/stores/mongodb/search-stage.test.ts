import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { MongoClient } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { atAngle, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { ownerScope } from "../../scope.ts";
import { shapeOf, type Body } from "./check-pipeline.ts";
import { textIndex } from "./indexes.ts";
import { openMongoStore } from "./index.ts";
import { checkSearch, lexicalVectorStage, searchStage } from "./search-stage.ts";

const { dimensions } = contractIdentity;
const plain = shapeOf(textIndex({ dimensions }));
const shape = shapeOf(textIndex({ dimensions, lexicalPrefilter: true }));
const words = { text: { query: "walrus", path: "content" } };
const vectorSearch = { path: "vector", queryVector: [...atAngle(1)], numCandidates: 100, limit: 5 };

describe("what stands beside the operator of a search", () => {
  const wrong: readonly (readonly [string, Body])[] = [
    ["a highlight of a path that is not mapped", { ...words, highlight: { path: "body" } }],
    ["a highlight of a token", { ...words, highlight: { path: "metadata.category" } }],
    ["a highlight of nothing", { ...words, highlight: {} }],
    ["no passages", { ...words, highlight: { path: "content", maxNumPassages: 0 } }],
    ["a sort by analysed text", { ...words, sort: { content: 1 } }],
    ["a sort by a path that is not mapped", { ...words, sort: { "metadata.other": 1 } }],
    ["a direction that is none", { ...words, sort: { "metadata.category": 2 } }],
    ["an empty sort", { ...words, sort: {} }],
    ["two tokens", { ...words, searchAfter: "a", searchBefore: "b" }],
    ["a vector search with a sort", { vectorSearch, sort: { "metadata.category": 1 } }],
    ["a vector search with a highlight", { vectorSearch, highlight: { path: "content" } }],
    ["a vector search in a compound", { compound: { must: [{ vectorSearch }] } }],
    ["a vector search with too few candidates", { vectorSearch: { ...vectorSearch, numCandidates: 4 } }],
    ["a vector search of other dimensions", { vectorSearch: { ...vectorSearch, queryVector: [1] } }],
    [
      "a vector search whose filter is not mapped",
      { vectorSearch: { ...vectorSearch, filter: { exists: { path: "x" } } } },
    ],
    ["a vector search whose filter is empty", { vectorSearch: { ...vectorSearch, filter: {} } }],
  ];
  for (const [name, body] of wrong) {
    test(`refuses ${name}`, () =>
      assert.throws(() => checkSearch({ index: "default", ...body }, shape), HybridRAGError));
  }

  test("refuses the vector operator on an index that holds no vector", () => {
    assert.throws(() => checkSearch({ index: "default", vectorSearch }, plain), HybridRAGError);
  });
});

test("what is built is understood: highlights, an order with pages, and the nearest among what words let through", async (t: TestContext) => {
  const server = await startMongoServer({ profile: "atlas" });
  const store = await openMongoStore({ uri: server.uri, indexes: { lexicalPrefilter: true } });
  const client = new MongoClient(server.uri);
  t.after(async () => {
    await Promise.all([store.close(), client.close()]);
    await server.close();
  });
  await store.prepare(contractIdentity);
  for (const [index, text] of ["a walrus sleeps", "an otter", "two walruses and a walrus"].entries()) {
    const metadata = { category: `c${index}` };
    await store.documents.put(
      ownerScope("t"),
      versionOf({ id: `d${index}`, parts: [text], metadata, vectors: [atAngle(10 * index)] }),
    );
  }
  await store.settle();
  const chunks = client.db("hybridrag").collection("text_chunks");
  const run = (stage: Body, ...more: Body[]) => chunks.aggregate([stage, ...more]).toArray();
  const sort = { "metadata.category": -1 } as const;
  const seen = await run(searchStage(words, shape, { highlight: { path: "content" }, sort }), {
    $project: { document_id: 1, highlights: { $meta: "searchHighlights" }, token: { $meta: "searchSequenceToken" } },
  });
  assert.deepEqual(
    seen.map((row) => row["document_id"]),
    ["d2", "d0"],
  );
  assert.match(JSON.stringify(seen[0]!["highlights"]), /"value":"walrus","type":"hit"/);
  const next = await run(searchStage(words, shape, { sort, searchAfter: String(seen[0]!["token"]) }));
  assert.deepEqual(
    next.map((row) => row["document_id"]),
    ["d0"],
  );
  const filter = { text: { query: "walrus", path: "content", fuzzy: { maxEdits: 1 } } };
  const near = await run(lexicalVectorStage({ vector: atAngle(20), limit: 5, filter }, shape));
  assert.deepEqual(
    near.map((row) => row["document_id"]),
    ["d2", "d0"],
  );
});
