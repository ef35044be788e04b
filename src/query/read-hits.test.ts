import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { fuse } from "./fuse.ts";
import { readHits } from "./read-hits.ts";
import { chunkNamed, worldOf } from "./world.test.fixture.ts";

const scope = ownerScope("t");
const { signal } = new AbortController();
const fusion = { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 } as const;
const world = worldOf(["a", "b", "c", "d"].map((id, at) => ({ id, cosine: 0.9 - at / 10, bm25: 4 - at })));
const named = world.candidates.map((candidate) => {
  const { chunk_id, document_id } = candidate.chunk;
  return { ...candidate, chunk: { chunk_id, document_id } };
});
const hits = fuse({ ...world, candidates: named }, fusion);

/** Chunks as they are by the time that they are read; `asked` are the ids of each call. */
function storeOf(ids: readonly string[], category = "x") {
  const asked: (readonly string[])[] = [];
  const get: Store["chunks"]["get"] = async (_scope, chunkIds) => {
    asked.push(chunkIds);
    return chunkIds.filter((id) => ids.includes(id)).map((id) => ({ ...chunkNamed(id), metadata: { category } }));
  };
  return { asked, store: { chunks: { get } } as unknown as Store };
}

const read = async (store: Store, filter: Parameters<typeof readHits>[2]["filter"] = null) =>
  (await readHits(store, scope, { filter, top_k: 2 }, hits, signal)).map(({ candidate }) => candidate.chunk);

test("reads the chunks that are shown, in the order of the hits, and no others", async () => {
  const { store, asked } = storeOf(["d", "c", "b", "a"]);
  assert.deepEqual(
    (await read(store)).map(({ content }) => content),
    ["content of a", "content of b"],
  );
  assert.deepEqual(asked, [["a", "b"]]);
});

test("a chunk that was deleted since makes room for the next", async () => {
  const { store, asked } = storeOf(["b", "d"]);
  assert.deepEqual(
    (await read(store)).map(({ chunk_id }) => chunk_id),
    ["b", "d"],
  );
  assert.deepEqual(asked, [["a", "b"], ["c"], ["d"]]);
});

test("a chunk that the filter no longer allows is not shown", async () => {
  const filter = { op: "eq", field: "metadata.category", value: "x" } as const;
  const all = ["a", "b", "c", "d"];
  assert.equal((await read(storeOf(all).store, filter)).length, 2);
  assert.deepEqual(await read(storeOf(all, "y").store, filter), []);
});

test("nothing is asked for where the best hits hold their chunks", async () => {
  const { store, asked } = storeOf([]);
  const mixed = fuse({ ...world, candidates: [...world.candidates.slice(0, 2), ...named.slice(2)] }, fusion);
  const read = await readHits(store, scope, { filter: null, top_k: 2 }, mixed, signal);
  assert.deepEqual([read.length, asked], [2, []]);
});

test("hits that hold their chunks already are given back whole", async () => {
  const whole = fuse(world, fusion);
  const { store, asked } = storeOf([]);
  assert.deepEqual(await readHits(store, scope, { filter: null, top_k: 2 }, whole, signal), whole);
  assert.deepEqual(asked, []);
});
