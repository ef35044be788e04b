import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MongoClient, type Collection, type Document } from "mongodb";
import { startMongoServer, type MongoServer } from "../index.ts";

const rows = [
  { _id: "a", content: "The walrus met an otter. A heron slept.", kind: "sea", size: 3, at: new Date("2026-01-01") },
  { _id: "b", content: "Walrus otter.", kind: "sea", size: 9, at: new Date("2026-02-01") },
  { _id: "c", content: "An otter saw the quick brown walrus.", kind: "river", size: 1, at: new Date("2026-03-01") },
  { _id: "d", content: "A heron alone.", kind: "air", at: new Date("2026-04-01") },
  { _id: "e", content: "walrus walrus walrus", kind: "sea", size: 5, at: new Date("2026-05-01") },
];

describe("what $search of the test server can do beside finding", () => {
  let server: MongoServer;
  let client: MongoClient;
  let animals: Collection<Document & { _id: string }>;
  before(async () => {
    server = await startMongoServer({ profile: "8.2" });
    client = new MongoClient(server.uri);
    animals = client.db("zoo").collection("animals");
    await animals.insertMany(rows);
    const fields = {
      content: { type: "string" },
      kind: { type: "token" },
      size: { type: "number" },
      at: { type: "date" },
    };
    await animals.createSearchIndex({ name: "default", definition: { mappings: { dynamic: false, fields } } });
  });
  after(async () => {
    await client.close();
    await server.close();
  });

  const walrus = { text: { query: "walrus", path: "content" } };
  const ids = async (search: Document, ...more: Document[]): Promise<readonly string[]> =>
    (await animals.aggregate([{ $search: search }, ...more]).toArray()).map((row) => String(row["_id"]));

  test("phrases with slop: the nearer, the better, and no farther than allowed", async () => {
    const phrase = (slop: number) => ({ phrase: { query: "walrus otter", path: "content", slop } });
    assert.deepEqual(await ids(phrase(0)), ["b"]);
    assert.deepEqual(await ids(phrase(2)), ["b", "a"]);
    assert.deepEqual((await ids(phrase(6))).toSorted(), ["a", "b", "c"]);
  });

  test("sorts by fields, both ways, with what has no value where it is told to stand", async () => {
    const all = { exists: { path: "kind" } };
    assert.deepEqual(await ids({ ...all, sort: { size: 1 } }), ["d", "c", "a", "e", "b"]);
    assert.deepEqual(await ids({ ...all, sort: { size: { order: 1, noData: "highest" } } }), ["c", "a", "e", "b", "d"]);
    assert.deepEqual(await ids({ ...all, sort: { kind: 1, size: -1 } }), ["d", "c", "b", "e", "a"]);
    assert.deepEqual(await ids({ ...all, sort: { at: { order: -1 } } }), ["e", "d", "c", "b", "a"]);
  });

  test("pages by sequence tokens, forwards and backwards, and refuses those of another query", async () => {
    const sort = { size: 1 };
    const project = { $project: { token: { $meta: "searchSequenceToken" } } };
    const first = await animals.aggregate([{ $search: { ...walrus, sort } }, { $limit: 2 }, project]).toArray();
    assert.deepEqual(
      first.map((row) => row["_id"]),
      ["c", "a"],
    );
    const [before, token] = first.map((row) => String(row["token"]));
    assert.deepEqual(await ids({ ...walrus, sort, searchAfter: token }), ["e", "b"]);
    assert.deepEqual(await ids({ ...walrus, sort, searchBefore: token }), ["c"]);
    assert.deepEqual(await ids({ ...walrus, sort, searchBefore: before }), []);
    await assert.rejects(ids({ ...walrus, searchAfter: token }), /another query, index or sort/);
  });

  test("counts facets of texts, numbers and dates", async () => {
    const facets = {
      kinds: { type: "string", path: "kind" },
      sizes: { type: "number", path: "size", boundaries: [0, 3, 6], default: "other" },
      months: { type: "date", path: "at", boundaries: [new Date("2026-01-01"), new Date("2026-03-01")] },
    };
    const meta = await animals.aggregate([{ $searchMeta: { facet: { operator: walrus, facets } } }]).toArray();
    assert.equal(meta.length, 1);
    assert.deepEqual(meta[0]?.["facet"], {
      kinds: {
        buckets: [
          { _id: "sea", count: 3 },
          { _id: "river", count: 1 },
        ],
      },
      sizes: {
        buckets: [
          { _id: 0, count: 1 },
          { _id: 3, count: 2 },
          { _id: "other", count: 1 },
        ],
      },
      months: { buckets: [{ _id: new Date("2026-01-01"), count: 2 }] },
    });
    const wrong = { sizes: { type: "number", path: "size", boundaries: [3, 0] } };
    await assert.rejects(animals.aggregate([{ $searchMeta: { facet: { facets: wrong } } }]).toArray(), /ascending/);
  });

  test("says what it found where, sentence by sentence", async () => {
    const search = { ...walrus, highlight: { path: "content" } };
    const project = { $project: { highlights: { $meta: "searchHighlights" } } };
    const found = await animals.aggregate([{ $search: search }, { $match: { _id: "a" } }, project]).toArray();
    assert.deepEqual(found[0]?.["highlights"], [
      {
        path: "content",
        texts: [
          { value: "The ", type: "text" },
          { value: "walrus", type: "hit" },
          { value: " met an otter.", type: "text" },
        ],
        score: 1,
      },
    ]);
  });

  test("runs inside $lookup and $unionWith, where a vector search is refused", async () => {
    const kinds = client.db("zoo").collection("kinds");
    await kinds.insertMany([{ name: "sea" }, { name: "air" }]);
    const pipeline = [{ $search: walrus }];
    const lookup = { from: "animals", localField: "name", foreignField: "kind", pipeline, as: "found" };
    const joined = await kinds.aggregate([{ $lookup: lookup }, { $sort: { name: 1 } }]).toArray();
    assert.deepEqual(
      joined.map((row) => [row["name"], (row["found"] as unknown[]).length]),
      [
        ["air", 0],
        ["sea", 3],
      ],
    );
    const union = await kinds.aggregate([{ $unionWith: { coll: "animals", pipeline } }]).toArray();
    assert.equal(union.length, 6);
    const near = [{ $vectorSearch: { index: "x", path: "v", queryVector: [1], limit: 1, exact: true } }];
    await assert.rejects(kinds.aggregate([{ $lookup: { ...lookup, pipeline: near } }]).toArray(), /not allowed within/);
  });

  test("refuses by name what it does not do", async () => {
    for (const stage of [{ $merge: { into: "other" } }, { $out: "other" }])
      await assert.rejects(animals.aggregate([stage]).toArray(), /not implemented|does not implement/i);
    await assert.rejects(ids({ ...walrus, scoreDetails: true }), /not implemented|does not implement/i);
    const dynamic = { name: "other", definition: { mappings: { dynamic: true } } };
    await assert.rejects(animals.createSearchIndex(dynamic), /not implemented|does not implement/i);
  });
});
