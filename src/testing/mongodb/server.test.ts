import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MongoClient, MongoServerError, type Db } from "mongodb";
import { Binary } from "bson";
import { startMongoServer, type MongoServer } from "./index.ts";

const options = { serverSelectionTimeoutMS: 3000, heartbeatFrequencyMS: 1000, minHeartbeatFrequencyMS: 100 };

describe("the MongoDB test server, through the official driver", () => {
  let server: MongoServer;
  let client: MongoClient;
  let db: Db;
  before(async () => {
    server = await startMongoServer({ members: 3, electionMs: 20 });
    client = new MongoClient(server.uri, options);
    db = client.db("test");
  });
  after(async () => {
    await client.close();
    await server.close();
  });

  it("reads a view as a collection, and refuses all that would write to it", async () => {
    await db.collection<{ _id: string; n: number }>("numbers").insertMany([
      { _id: "a", n: 1 },
      { _id: "b", n: 2 },
      { _id: "c", n: 3 },
    ]);
    const pipeline = [{ $match: { n: { $gt: 1 } } }, { $project: { twice: { $multiply: ["$n", 2] } } }];
    await db.createCollection("doubles", { viewOn: "numbers", pipeline });
    const view = db.collection<{ _id: string; twice: number }>("doubles");
    assert.deepEqual(await view.find({ twice: 6 }).toArray(), [{ _id: "c", twice: 6 }]);
    assert.equal(await view.countDocuments({}), 2);
    assert.deepEqual(await view.distinct("twice"), [4, 6]);
    const joined = [
      { $lookup: { from: "doubles", localField: "_id", foreignField: "_id", as: "d" } },
      { $unwind: "$d" },
    ];
    assert.equal((await db.collection("numbers").aggregate(joined).toArray()).length, 2);
    const [listed] = await db.listCollections({ name: "doubles" }).toArray();
    assert.deepEqual(
      [listed?.type, listed && "options" in listed && listed.options],
      ["view", { viewOn: "numbers", pipeline }],
    );
    for (const refused of [
      () => view.insertOne({ _id: "d", twice: 1 }),
      () => view.updateOne({ _id: "c" }, { $set: { twice: 1 } }),
      () => view.deleteOne({ _id: "c" }),
      () => view.createIndex({ twice: 1 }),
      () => view.aggregate([{ $collStats: { count: {} } }]).toArray(),
      () => view.aggregate([{ $search: { exists: { path: "twice" } } }]).toArray(),
    ])
      await assert.rejects(refused, { code: 166 });
    await assert.rejects(db.createCollection("doubles", { viewOn: "numbers", pipeline: [] }), { code: 48 });
    const searching = [{ $vectorSearch: { path: "v", queryVector: [1], limit: 1, numCandidates: 1 } }];
    await assert.rejects(db.createCollection("found", { viewOn: "numbers", pipeline: searching }), { code: 167 });
    await db.command({ collMod: "doubles", viewOn: "numbers", pipeline: [{ $match: { n: 1 } }] });
    assert.deepEqual(await view.find().project({ n: 1 }).toArray(), [{ _id: "a", n: 1 }]);
    await view.drop();
    assert.equal(await view.countDocuments({}), 0);
    assert.equal(await db.collection("numbers").countDocuments({}), 3);
  });

  it("counts nothing as no document, also inside other stages", async () => {
    const counted = db.collection<{ _id: string; n: number }>("counted");
    await counted.insertMany([
      { _id: "a", n: 1 },
      { _id: "b", n: 2 },
    ]);
    const none = [{ $match: { n: 9 } }, { $count: "all" }];
    assert.deepEqual(await counted.aggregate([{ $count: "all" }]).toArray(), [{ all: 2 }]);
    assert.deepEqual(await counted.aggregate(none).toArray(), []);
    assert.deepEqual(await counted.aggregate([{ $facet: { none } }]).toArray(), [{ none: [] }]);
    const lower = [{ $match: { $expr: { $lt: ["$n", "$$n"] } } }, { $count: "all" }];
    const joined = [
      { $lookup: { from: "counted", let: { n: "$n" }, pipeline: lower, as: "lower" } },
      { $sort: { _id: 1 } },
    ];
    assert.deepEqual(
      (await counted.aggregate(joined).toArray()).map(({ lower: found }) => found as unknown),
      [[], [{ all: 1 }]],
    );
  });

  it("tells a command that it lacks from one that nobody has", async () => {
    await assert.rejects(db.command({ collStats: "people" }), { code: 238, message: /the command collStats/ });
    await assert.rejects(db.command({ walrus: 1 }), { code: 59 });
  });

  it("writes, reads, updates and deletes", async () => {
    const people = db.collection<{ _id: string; age: number; tags?: string[] }>("people");
    await people.insertMany([
      { _id: "a", age: 3, tags: ["x"] },
      { _id: "b", age: 1 },
      { _id: "c", age: 2 },
    ]);
    assert.deepEqual(
      (
        await people
          .find({ age: { $gte: 2 } })
          .sort({ age: 1 })
          .toArray()
      ).map((p) => p._id),
      ["c", "a"],
    );
    const updated = await people.findOneAndUpdate({ _id: "a" }, { $inc: { age: 5 } }, { returnDocument: "after" });
    assert.equal(updated?.age, 8);
    const upserted = await people.updateOne({ _id: "d" }, { $setOnInsert: { age: 9 } }, { upsert: true });
    assert.equal(upserted.upsertedCount, 1);
    assert.equal((await people.findOne({ _id: "d" }))?.age, 9);
    assert.equal((await people.deleteOne({ _id: "d" })).deletedCount, 1);
    assert.equal(await people.countDocuments({ tags: "x" }), 1);
    const groups = await people.aggregate([{ $group: { _id: null, sum: { $sum: "$age" } } }]).toArray();
    assert.equal(groups[0]?.["sum"], 11);
  });

  it("reads a long result in batches", async () => {
    const rows = db.collection<{ _id: number }>("rows");
    await rows.insertMany(Array.from({ length: 1000 }, (_, _id) => ({ _id })));
    assert.equal((await rows.find().batchSize(7).toArray()).length, 1000);
  });

  it("refuses a duplicate of a unique index, per tenant", async () => {
    const things = db.collection("things");
    await things.createIndex({ tenant: 1, name: 1 }, { unique: true });
    await things.insertOne({ tenant: "a", name: "Apple" });
    await things.insertOne({ tenant: "b", name: "Apple" });
    await assert.rejects(things.insertOne({ tenant: "a", name: "Apple" }), (e: MongoServerError) => e.code === 11000);
  });

  it("shows a transaction's writes only after the commit, and none after an abort", async () => {
    const t = db.collection<{ _id: string; n: number }>("t");
    await t.insertOne({ _id: "x", n: 1 });
    const session = client.startSession();
    session.startTransaction();
    await t.updateOne({ _id: "x" }, { $set: { n: 2 } }, { session });
    await t.insertOne({ _id: "y", n: 1 }, { session });
    assert.equal((await t.findOne({ _id: "x" }))?.n, 1);
    assert.equal((await t.findOne({ _id: "x" }, { session }))?.n, 2);
    await session.abortTransaction();
    assert.equal((await t.findOne({ _id: "x" }))?.n, 1);
    assert.equal(await t.findOne({ _id: "y" }), null);
    await session.withTransaction(async () => {
      await t.updateOne({ _id: "x" }, { $set: { n: 5 } }, { session });
      await t.insertOne({ _id: "y", n: 5 }, { session });
    });
    assert.equal(await t.countDocuments({ n: 5 }), 2);
    await session.endSession();
  });

  it("reads a transaction's snapshot and lets the second writer lose", async () => {
    const t = db.collection<{ _id: string; n: number }>("snap");
    await t.insertOne({ _id: "x", n: 1 });
    const session = client.startSession();
    session.startTransaction();
    assert.equal((await t.findOne({ _id: "x" }, { session }))?.n, 1);
    await t.updateOne({ _id: "x" }, { $set: { n: 2 } });
    assert.equal((await t.findOne({ _id: "x" }, { session }))?.n, 1);
    await assert.rejects(t.updateOne({ _id: "x" }, { $inc: { n: 1 } }, { session }), (e: MongoServerError) => {
      assert.equal(e.code, 112);
      return e.hasErrorLabel("TransientTransactionError");
    });
    await session.abortTransaction().catch(() => undefined);
    await session.endSession();
  });

  it("counts every increment of many transactions at once", async () => {
    const t = db.collection<{ _id: string; n: number }>("counter");
    await t.insertOne({ _id: "x", n: 0 });
    await Promise.all(
      Array.from({ length: 8 }, () =>
        client.withSession((session) =>
          session.withTransaction(async () => {
            await t.updateOne({ _id: "x" }, { $inc: { n: 1 } }, { session });
          }),
        ),
      ),
    );
    assert.equal((await t.findOne({ _id: "x" }))?.n, 8);
  });

  it("does a write once although its answer was cut off and it was sent again", async () => {
    const t = db.collection<{ _id: string; n: number }>("retry");
    await t.insertOne({ _id: "x", n: 0 });
    server.faults.arm("update", { kind: "cut" });
    await t.updateOne({ _id: "x" }, { $inc: { n: 1 } });
    assert.equal((await t.findOne({ _id: "x" }))?.n, 1);
  });

  it("elects another member after a step-down and loses nothing", async () => {
    const t = db.collection<{ _id: number }>("step");
    await t.insertOne({ _id: 1 });
    server.stepDown();
    await t.insertOne({ _id: 2 });
    assert.equal(await t.countDocuments(), 2);
  });

  it("searches text and vectors, silently where the server is silent", async () => {
    const chunks = db.collection("chunks");
    const vector = (x: number, y: number): Binary => Binary.fromFloat32Array(Float32Array.from([x, y]));
    await chunks.insertMany([
      { _id: "a" as never, content: "the quick brown fox", vector: vector(1, 0), metadata: { tenant_id: "t" } },
      { _id: "b" as never, content: "lazy dogs sleeping", vector: vector(0, 1), metadata: { tenant_id: "t" } },
      { _id: "c" as never, content: "quick quick dog", vector: vector(1, 1), metadata: { tenant_id: "u" } },
    ]);
    await chunks.createSearchIndexes([
      {
        name: "vector_knn_index",
        type: "vectorSearch",
        definition: {
          fields: [
            { type: "vector", path: "vector", numDimensions: 2, similarity: "cosine" },
            { type: "filter", path: "metadata.tenant_id" },
          ],
        },
      },
      {
        name: "default",
        definition: {
          mappings: {
            dynamic: false,
            fields: {
              content: { type: "string", analyzer: "lucene.english" },
              metadata: { type: "document", dynamic: false, fields: { tenant_id: { type: "token" } } },
            },
          },
        },
      },
    ]);
    const listed = await chunks.listSearchIndexes().toArray();
    assert.deepEqual(
      listed.map((i) => [i.name, (i as never as { status: string }).status]),
      [
        ["vector_knn_index", "READY"],
        ["default", "READY"],
      ],
    );
    const nearest = await chunks
      .aggregate([
        {
          $vectorSearch: {
            index: "vector_knn_index",
            path: "vector",
            queryVector: vector(1, 0),
            numCandidates: 10,
            limit: 2,
            filter: { "metadata.tenant_id": "t" },
          },
        },
        { $project: { _id: 1, score: { $meta: "vectorSearchScore" } } },
      ])
      .toArray();
    assert.deepEqual(nearest, [
      { _id: "a", score: 1 },
      { _id: "b", score: 0.5 },
    ]);
    const text = await chunks
      .aggregate([
        {
          $search: {
            compound: {
              must: [{ text: { query: "dog", path: "content" } }],
              filter: [{ equals: { path: "metadata.tenant_id", value: "t" } }],
            },
          },
        },
        { $project: { score: { $meta: "searchScore" } } },
      ])
      .toArray();
    assert.equal(text.length, 1);
    assert.equal(text[0]?.["_id"], "b");
    assert.ok(text[0]?.["score"] > 0);
    server.journal.clear();
    assert.deepEqual(
      await chunks.aggregate([{ $search: { index: "nope", text: { query: "dog", path: "content" } } }]).toArray(),
      [],
    );
    assert.deepEqual(await chunks.aggregate([{ $search: { text: { query: "dog", path: "title" } } }]).toArray(), []);
    assert.deepEqual(server.journal.silences(), [
      "index nope does not exist on test.chunks",
      "path title is not mapped as string",
    ]);
    const fused = await chunks
      .aggregate([
        {
          $rankFusion: {
            input: {
              pipelines: {
                v: [
                  {
                    $vectorSearch: {
                      index: "vector_knn_index",
                      path: "vector",
                      queryVector: [1, 0],
                      numCandidates: 10,
                      limit: 3,
                    },
                  },
                ],
                t: [{ $search: { text: { query: "dog", path: "content" } } }, { $limit: 3 }],
              },
            },
          },
        },
        { $project: { score: { $meta: "score" } } },
      ])
      .toArray();
    assert.deepEqual(
      fused.map((row) => row["_id"]),
      ["b", "c", "a"],
    );
    assert.ok(Math.abs(fused[0]?.["score"] - (1 / 63 + 1 / 61)) < 1e-12);
  });

  it("refuses what it does not implement, by name", async () => {
    await assert.rejects(
      db
        .collection("t")
        .aggregate([{ $merge: { into: "x" } }])
        .toArray(),
      /does not implement the stage \$merge/,
    );
    await assert.rejects(
      db
        .collection("t")
        .aggregate([{ $nope: {} }])
        .toArray(),
      /Unrecognized pipeline stage name/,
    );
    await assert.rejects(db.command({ nope: 1 }), (e: MongoServerError) => e.code === 59);
  });
});

it("lets in only who knows the password, and only to what the role allows", async () => {
  const server = await startMongoServer({
    users: [
      {
        user: "app",
        password: "s3cret/€",
        privileges: [{ resource: { db: "test", collection: "a" }, actions: ["find", "insert"] }],
      },
    ],
  });
  try {
    const client = new MongoClient(server.uri, options);
    await client.db("test").collection("a").insertOne({ x: 1 });
    assert.equal((await client.db("test").collection("a").find().toArray()).length, 1);
    await assert.rejects(client.db("test").collection("a").deleteMany({}), (e: MongoServerError) => e.code === 13);
    await assert.rejects(client.db("test").collection("b").find().toArray(), (e: MongoServerError) => e.code === 13);
    await client.close();
    const wrong = new MongoClient(server.uri.replace("app:", "app:x"), options);
    await assert.rejects(wrong.db("test").collection("a").find().toArray(), (e: MongoServerError) => e.code === 18);
    await wrong.close();
  } finally {
    await server.close();
  }
});

it("tells a watching driver of a step-down, and keeps the watch without an error", async () => {
  const server = await startMongoServer({ members: 3, electionMs: 10 });
  const client = new MongoClient(server.uri, { heartbeatFrequencyMS: 500 });
  let failures = 0;
  client.on("serverHeartbeatFailed", () => {
    failures += 1;
  });
  try {
    const awaited = Promise.withResolvers<void>();
    let seen = 0;
    client.on("serverHeartbeatSucceeded", (event) => {
      if (event.awaited && (seen += 1) === 6) awaited.resolve();
    });
    await client.connect();
    const primaries = new Set<string>();
    client.on("serverDescriptionChanged", (event) => {
      if (event.newDescription.type === "RSPrimary") primaries.add(event.newDescription.address);
    });
    server.stepDown();
    await client.db("x").collection("y").insertOne({ a: 1 });
    await awaited.promise;
    assert.equal(failures, 0);
    assert.equal(primaries.size, 1);
  } finally {
    await client.close();
    await server.close();
  }
});
