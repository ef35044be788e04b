import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { MongoClient } from "mongodb";
import type { NativeFusion } from "../../ports/chunk-store.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { atAngle, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer, type ProfileName } from "../../testing/mongodb/index.ts";
import type { Body } from "./check-pipeline.ts";
import { openMongoStore, type MongoStore } from "./index.ts";
import { fuseRanks, type Fused } from "./rank-fusion.ts";
import { fuseScores } from "./score-fusion.ts";

const words = ["walrus", "otter", "heron", "stork", "wren", "plover"];
const scope = ownerScope("north");

interface World {
  readonly server: MongoServer;
  readonly store: MongoStore;
  readonly client: MongoClient;
}

async function filled(profile: ProfileName): Promise<World> {
  const server = await startMongoServer({ profile });
  const store = await openMongoStore({ uri: server.uri, database: "fused" });
  await store.prepare(contractIdentity);
  for (let index = 0; index < 40; index++) {
    const parts = [words.filter((_word, at) => (index * 7 + at * index) % 3 === 0).join(" and ") || "nothing"];
    const metadata = { category: index % 2 === 0 ? "even" : "odd" };
    const vectors = [atAngle((index * 47) % 180)];
    await store.documents.put(scope, versionOf({ id: `d${index}`, parts, metadata, vectors }));
  }
  // Another tenant's passages are never in a list.
  const other = versionOf({ id: "x", parts: ["walrus otter"], vectors: [atAngle(1)] });
  await store.documents.put(ownerScope("south"), other);
  await store.settle();
  return { server, store, client: new MongoClient(server.uri) };
}

const close = async ({ server, store, client }: World): Promise<void> => {
  await client.close();
  await store.close();
  await server.close();
};

const weight = () => fc.double({ min: 0.01, max: 2, noNaN: true });
const search = fc.record({
  query: fc.subarray(words, { minLength: 1 }).map((chosen) => chosen.join(" ")),
  angle: fc.integer({ min: 0, max: 180 }),
  candidates: fc.integer({ min: 1, max: 30 }),
  weights: fc.record({ vectorWeight: weight(), textWeight: weight() }),
  isFiltered: fc.boolean(),
});

/** The inputs of the last fusion that the server was asked for. */
function lastInputs({ journal }: MongoServer, stage: string): readonly (readonly [string, readonly Body[]])[] {
  const bodies = journal.entries.map((entry) => entry.body["pipeline"]).filter(Array.isArray) as Body[][];
  const fusion = bodies.map(([first]) => first?.[stage]).findLast((body) => body !== undefined) as {
    readonly input: { readonly pipelines: Readonly<Record<string, readonly Body[]>> };
  };
  return Object.entries(fusion.input.pipelines);
}

/** The same lists by two commands of their own. */
async function listsOf({ server, client }: World, stage: string) {
  return Promise.all(
    lastInputs(server, stage).map(async ([name, pipeline]) => {
      const meta = name === "vector" ? "vectorSearchScore" : "searchScore";
      const project = { $project: { score: { $meta: meta }, chunk_id: 1 } };
      const rows = await client
        .db("fused")
        .collection("text_chunks")
        .aggregate([...pipeline, project])
        .toArray();
      return {
        name,
        hits: rows.map((row) => ({ id: String(row["_id"]), chunk: row["chunk_id"], score: row["score"] })),
      };
    }),
  );
}

async function compare(
  world: World,
  native: NativeFusion,
  asked: { query: string; angle: number; candidates: number; isFiltered: boolean },
) {
  const stage = native.kind === "rank" ? "$rankFusion" : "$scoreFusion";
  const { candidates } = await world.store.chunks.search(scope, {
    vector: atAngle(asked.angle),
    text: { query: asked.query },
    filter: asked.isFiltered ? { op: "eq", field: "metadata.category", value: "even" } : null,
    candidates: asked.candidates,
    native,
  });
  const lists = await listsOf(world, stage);
  const weightOf = (name: string): number => (name === "vector" ? native.vectorWeight : native.textWeight);
  const weighted = lists.map(({ name, hits }) => ({ weight: weightOf(name), hits }));
  const own: readonly Fused[] =
    native.kind === "rank"
      ? fuseRanks(weighted.map((list) => ({ weight: list.weight, ids: list.hits.map(({ id }) => id) })))
      : fuseScores(weighted, native.normalization);
  const names = new Map(lists.flatMap(({ hits }) => hits.map(({ id, chunk }) => [id, String(chunk)])));
  const mine = own.map(({ id, score }) => [names.get(id)!, score] as const);
  const theirs = new Map(candidates.map(({ chunk, native: got }) => [chunk.chunk_id, got!]));
  assert.deepEqual([...theirs.keys()].toSorted(), mine.map(([id]) => id).toSorted());
  for (const [id, score] of mine) {
    const got = theirs.get(id)!;
    assert.ok(Math.abs(got.score - score) < 1e-9, `${id}: ${got.score} / ${score}`);
    assert.ok(Math.abs(got.vector + got.text - got.score) < 1e-9);
  }
  const order = mine.toSorted(
    (a, b) => theirs.get(b[0])!.score - theirs.get(a[0])!.score || mine.indexOf(a) - mine.indexOf(b),
  );
  assert.deepEqual(order, mine);
}

describe("native fusion through the store", () => {
  const worlds = new Map<ProfileName, World>();
  before(async () => {
    for (const profile of ["8.2", "atlas"] as const) worlds.set(profile, await filled(profile));
  });
  after(async () => {
    for (const world of worlds.values()) await close(world);
  });

  for (const profile of ["8.2", "atlas"] as const) {
    test(`$rankFusion: order and scores are those of our own computation (${profile})`, async () => {
      const check = fc.asyncProperty(search, ({ weights, ...asked }) =>
        compare(worlds.get(profile)!, { kind: "rank", ...weights }, asked),
      );
      await fc.assert(check, { numRuns: 30 });
    });
  }

  for (const normalization of ["none", "sigmoid", "minMaxScaler"] as const) {
    test(`$scoreFusion, ${normalization}: order and scores are those of our own computation`, async () => {
      const check = fc.asyncProperty(search, ({ weights, ...asked }) =>
        compare(worlds.get("8.2")!, { kind: "score", normalization, ...weights }, asked),
      );
      await fc.assert(check, { numRuns: 20 });
    });
  }

  test("a server that cannot fuse by scores is named with the setting that mends it", async () => {
    const { store } = worlds.get("atlas")!;
    const native = { kind: "score", normalization: "minMaxScaler", vectorWeight: 1, textWeight: 1 } as const;
    const request = { vector: atAngle(1), text: { query: "walrus" }, filter: null, candidates: 5, native };
    await assert.rejects(store.chunks.search(scope, request), {
      code: "invalid_config",
      message: /HYBRIDRAG_FUSION=native-score needs .*\$scoreFusion.*HYBRIDRAG_FUSION=convex/,
    });
  });
});
