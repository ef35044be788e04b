import assert from "node:assert/strict";
import { test } from "node:test";
import { fuse } from "./fuse.ts";
import { supported } from "./support.ts";
import { worldOf, type Scored } from "./world.test.fixture.ts";

const birds: readonly Scored[] = [
  { id: "storks", cosine: 0.9, bm25: 5, vector: [1, 0] },
  { id: "trains", cosine: 0.61, bm25: 1, vector: [0, 1] },
  { id: "cranes", cosine: 0.6, bm25: 1, vector: [0.96, 0.28] },
];
const fusion = { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 } as const;
const run = (scored: readonly Scored[], weight: number) => {
  const world = worldOf(scored);
  return supported(fuse(world, fusion), { passages: 1, weight }, world.vector!.moments);
};
const names = (scored: readonly Scored[], weight: number) =>
  run(scored, weight).map((hit) => hit.candidate.chunk.chunk_id);

test("of two passages that are about as good, the one like the best passage comes first", () => {
  assert.deepEqual(names(birds, 0), ["storks", "trains", "cranes"]);
  assert.deepEqual(names(birds, 0.4), ["storks", "cranes", "trains"]);
});

test("an average candidate gains nothing, and shares still sum to the score", () => {
  const hits = run(birds, 0.4);
  assert.ok(Math.abs(hits.reduce((sum, hit) => sum + hit.shares.support, 0)) < 1e-6);
  for (const { score, shares } of hits) {
    assert.ok(Math.abs(score - shares.vector - shares.text - shares.support) < 1e-9);
  }
});

test("without vectors the order stays", () => {
  const bare = birds.map(({ id, cosine, bm25 }) => ({ id, cosine, bm25 }));
  assert.deepEqual(names(bare, 0.4), ["storks", "trains", "cranes"]);
  assert.deepEqual(supported([], { passages: 3, weight: 1 }, null), []);
});
