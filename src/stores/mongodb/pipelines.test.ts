import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { Binary, MongoClient, type Collection } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { filter } from "../../testing/arbitraries.ts";
import { shapeOf, type Body } from "./check-pipeline.ts";
import { checkGraphLookup, graphLookupPipeline } from "./graph-lookup.ts";
import { searchIndexes, textIndex, vectorIndex } from "./indexes.ts";
import { fieldsOf } from "./indexes.ts";
import { nativeFilter } from "./native-filter.ts";
import { checkRankFusion, fuseRanks, rankFusionStage } from "./rank-fusion.ts";
import { checkScoreFusion, fuseScores, scoreFusionStage } from "./score-fusion.ts";
import { checkTextSearch, textSearchStage } from "./text-search.ts";
import { checkVectorSearch, vectorSearchStage } from "./vector-search.ts";

const settings = {
  dimensions: 2,
  fields: [
    { path: "metadata.color", kind: "string" },
    { path: "metadata.when", kind: "date" },
    { path: "metadata.amount", kind: "number" },
  ],
} as const;
const text = shapeOf(textIndex(settings));
const vector = shapeOf(vectorIndex(settings));

const refused = (path: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HybridRAGError);
  assert.match(String(error.details["path"]), path);
  return true;
};

describe("search pipelines", () => {
  test("every filter that the indexes can say makes pipelines that keep the rules", () => {
    const fields = fieldsOf(settings);
    let native = 0;
    fc.assert(
      fc.property(filter(["a", "b"]), fc.integer({ min: 1, max: 500 }), fc.nat(50_000), (wanted, limit, allowed) => {
        const said = nativeFilter(wanted, fields);
        if (said === null) return;
        native += 1;
        const query = Float32Array.from([1, 0]);
        vectorSearchStage({ vector: query, limit, filter: { $and: [said.vector] }, allowed }, vector);
        textSearchStage({ terms: ["walrus"], filter: [said.search] }, text);
      }),
      { numRuns: 3000 },
    );
    assert.ok(native > 20, `only ${native} filters were native`);
  });

  const good = { index: "vector_knn_index", path: "vector", queryVector: [1, 0], numCandidates: 100, limit: 10 };
  const vectors: readonly (readonly [string, Body, RegExp])[] = [
    ["a wrong index name", { ...good, index: "vector_index" }, /index/],
    ["a path that is not indexed", { ...good, path: "embedding" }, /path/],
    ["other dimensions", { ...good, queryVector: [1, 0, 0] }, /queryVector/],
    ["a vector of zeros", { ...good, queryVector: [0, 0] }, /queryVector/],
    ["fewer candidates than hits", { ...good, numCandidates: 5 }, /numCandidates/],
    ["too many candidates", { ...good, numCandidates: 10_001 }, /numCandidates/],
    ["candidates of an exact search", { ...good, exact: true }, /numCandidates/],
    ["no candidates", { ...good, numCandidates: undefined }, /numCandidates/],
    ["a filter on a field that is not indexed", { ...good, filter: { "metadata.other": 1 } }, /metadata\.other/],
    ["a regular expression as a filter", { ...good, filter: { document_id: { $regex: "x" } } }, /regex/],
    ["an empty list as a filter", { ...good, filter: { document_id: { $in: [] } } }, /\$in/],
    ["a list of several types", { ...good, filter: { document_id: { $in: ["a", 1] } } }, /\$in/],
  ];
  for (const [name, body, path] of vectors) {
    test(`refuses ${name} in $vectorSearch`, () => assert.throws(() => checkVectorSearch(body, vector), refused(path)));
  }

  const words = { text: { query: "walrus", path: "content" } };
  const texts: readonly (readonly [string, Body, RegExp])[] = [
    ["a wrong index name", { index: "other", ...words }, /index/],
    ["a path that is not mapped", { text: { query: "walrus", path: "body" } }, /path/],
    ["a token searched as text", { text: { query: "walrus", path: "metadata.category" } }, /path/],
    ["text compared as a token", { equals: { path: "content", value: "x" } }, /equals/],
    ["a date compared with text", { equals: { path: "metadata.timestamp", value: "2026-01-01" } }, /equals/],
    ["no operator", { index: "default" }, /\$search/],
    ["two operators", { ...words, exists: { path: "content" } }, /\$search/],
    ["an empty query", { text: { query: " ", path: "content" } }, /query/],
    ["three edits", { text: { query: "x", path: "content", fuzzy: { maxEdits: 3 } } }, /maxEdits/],
    ["an empty compound", { compound: {} }, /compound/],
    ["more required than there are", { compound: { should: [words], minimumShouldMatch: 2 } }, /minimum/],
    ["bounds of two types", { range: { path: "metadata.timestamp", gt: new Date(0), lt: 5 } }, /range/],
    ["an unknown operator", { knnBeta: { path: "vector" } }, /knnBeta/],
    ["two shapes", { geoWithin: { path: "metadata.location", circle: {}, box: {} } }, /geoWithin/],
  ];
  for (const [name, body, path] of texts) {
    test(`refuses ${name} in $search`, () => assert.throws(() => checkTextSearch(body, text), refused(path)));
  }

  test("refuses what a fusion does not take", () => {
    const input = { pipelines: { text: [{ $search: words }, { $limit: 5 }] } };
    const wrong: readonly Body[] = [
      { input, combination: { rank_constant: 10 } },
      { input: { pipelines: {} } },
      { input: { pipelines: { "a.b": [{ $search: words }] } } },
      { input: { pipelines: { a: [{ $match: {} }] } } },
      { input: { pipelines: { a: [{ $search: words }, { $project: { a: 1 } }] } } },
      { input, combination: { weights: { other: 1 } } },
      { input, combination: { weights: { text: -1 } } },
    ];
    for (const body of wrong) assert.throws(() => checkRankFusion(body), HybridRAGError, JSON.stringify(body));
    assert.throws(() => checkScoreFusion({ input: { ...input, normalization: "zscore" } }), HybridRAGError);
  });

  test("refuses a walk over the graph that leaves the tenant", () => {
    const good = graphLookupPipeline({ tenant: "t", readers: null, entity: "kafka", maxDepth: 1 });
    const stage = good.find((part) => "$graphLookup" in part)!["$graphLookup"] as Body;
    assert.throws(() => checkGraphLookup({ ...stage, restrictSearchWithMatch: { live: true } }, "t"), HybridRAGError);
    assert.throws(() => checkGraphLookup(stage, "other"), HybridRAGError);
    assert.throws(() => checkGraphLookup({ ...stage, maxDepth: 9 }, "t"), HybridRAGError);
    assert.throws(() => checkGraphLookup({ ...stage, restrictIndexing: {} }, "t"), HybridRAGError);
  });
});

describe("native fusion", () => {
  let server: MongoServer;
  let client: MongoClient;
  let chunks: Collection<{ _id: string }>;
  const count = 40;
  const name = (index: number): string => `c${String(index).padStart(2, "0")}`;
  before(async () => {
    server = await startMongoServer({ profile: "8.2" });
    client = new MongoClient(server.uri);
    chunks = client.db("fusion").collection("text_chunks");
    const rows = Array.from({ length: count }, (_, index) => ({
      _id: name(index),
      document_id: "d",
      chunk_id: name(index),
      readers: ["*"],
      live: true,
      entities: [`e${index % 5}`, `e${(index + 1) % 5}`],
      metadata: { tenant_id: index % 8 === 7 ? "other" : "t" },
      vector: Binary.fromFloat32Array(Float32Array.from([Math.cos(index), Math.sin(index)])),
      terms: { body: `walrus ${"heron ".repeat(index % 7)}end`.trim(), title: "", words: "" },
    }));
    await chunks.insertMany(rows as never);
    for (const { name: index, type, definition } of searchIndexes(settings))
      await chunks.createSearchIndex({ name: index, type, definition: { ...definition } });
  });
  after(async () => {
    await client.close();
    await server.close();
  });

  const pipelines = (): readonly (readonly Body[])[] => [
    [
      vectorSearchStage(
        { vector: Float32Array.from([1, 0]), limit: 20, filter: { "metadata.tenant_id": "t" }, allowed: count },
        vector,
      ),
    ],
    [
      textSearchStage({ terms: ["heron"], filter: [{ equals: { path: "metadata.tenant_id", value: "t" } }] }, text),
      { $limit: 15 },
    ],
  ];
  const run = async (stages: readonly Body[], meta: string) => {
    const project = { $project: { score: { $meta: meta } } };
    return (await chunks.aggregate([...stages, project]).toArray()).map((row) => ({
      id: String(row["_id"]),
      score: Number(row["score"]),
    }));
  };
  const agree = (mine: readonly { id: string; score: number }[], theirs: typeof mine): void => {
    assert.deepEqual(
      mine.map((hit) => hit.id),
      theirs.map((hit) => hit.id),
    );
    mine.forEach((hit, index) => assert.ok(Math.abs(hit.score - theirs[index]!.score) < 1e-9));
  };

  test("$rankFusion gives the order and the scores of our own computation", async () => {
    const [byVector, byText] = pipelines();
    const inputs = [
      { name: "vector", weight: 0.6, pipeline: byVector! },
      { name: "text", weight: 0.4, pipeline: byText! },
    ];
    const lists = [await run(byVector!, "vectorSearchScore"), await run(byText!, "searchScore")];
    const mine = fuseRanks(lists.map((hits, at) => ({ weight: inputs[at]!.weight, ids: hits.map((hit) => hit.id) })));
    assert.ok(mine.length > 15);
    agree(mine, await run([rankFusionStage(inputs)], "score"));
  });

  for (const normalization of ["none", "sigmoid", "minMaxScaler"] as const) {
    test(`$scoreFusion with ${normalization} gives the order and the scores of our own computation`, async () => {
      const [byVector, byText] = pipelines();
      const inputs = [
        { name: "vector", weight: 1, pipeline: byVector! },
        { name: "text", weight: 0.4, pipeline: byText! },
      ];
      const lists = [await run(byVector!, "vectorSearchScore"), await run(byText!, "searchScore")];
      const mine = fuseScores(
        lists.map((hits, at) => ({ weight: inputs[at]!.weight, hits })),
        normalization,
      );
      agree(mine, await run([scoreFusionStage(inputs, normalization)], "score"));
    });
  }

  test("a walk over the graph stays in its tenant", async () => {
    const pipeline = graphLookupPipeline({ tenant: "t", readers: ["*"], entity: "e1", maxDepth: 3 });
    const reached = (await chunks.aggregate([...pipeline]).toArray()).map((row) => String(row["_id"]));
    const expected = Array.from({ length: count }, (_, index) => index).filter((index) => index % 8 !== 7);
    assert.deepEqual(reached.toSorted(), expected.map(name));
  });
});
