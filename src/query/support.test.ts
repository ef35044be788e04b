import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fuse } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import { likenessOf } from "./likeness.ts";
import { supported } from "./support.ts";
import { worldOf, type Scored } from "./world.test.fixture.ts";

const birds: readonly Scored[] = [
  { id: "storks", cosine: 0.9, bm25: 5, vector: [1, 0] },
  { id: "trains", cosine: 0.61, bm25: 1, vector: [0, 1] },
  { id: "cranes", cosine: 0.6, bm25: 1, vector: [0.96, 0.28] },
];
const fusion = { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 } as const;
const run = (scored: readonly Scored[], lift: number) => lifted(fuse(worldOf(scored), fusion), lift);
const lifted = (hits: readonly FusedHit[], lift: number) =>
  supported(hits, { neighbours: 1, lift }, likenessOf(hits, 30));
const names = (scored: readonly Scored[], lift: number) => run(scored, lift).map((hit) => hit.candidate.chunk.chunk_id);

test("of two passages that are about as good, the one like a better passage comes first", () => {
  assert.deepEqual(names(birds, 0), ["storks", "trains", "cranes"]);
  assert.deepEqual(names(birds, 0.5), ["storks", "cranes", "trains"]);
});

test("the first stays first, no score falls, and shares still sum to it", () => {
  const scored = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 3 }),
      cosine: fc.double({ min: -1, max: 1, noNaN: true }),
      bm25: fc.double({ min: 0, max: 20, noNaN: true }),
      vector: fc.constantFrom([1, 0], [0, 1], [0.6, 0.8], [-1, 0]),
    }),
    { selector: ({ id }) => id, minLength: 2, maxLength: 12 },
  );
  fc.assert(
    fc.property(scored, fc.double({ min: 0, max: 1, noNaN: true }), (world, lift) => {
      const before = new Map(run(world, 0).map((hit) => [hit.candidate.chunk.chunk_id, hit.score]));
      const hits = run(world, lift);
      const best = Math.max(...before.values());
      assert.ok(Math.abs(hits[0]!.score - best) < 1e-9);
      for (const { candidate, score, shares } of hits) {
        assert.ok(score >= before.get(candidate.chunk.chunk_id)!);
        assert.ok(Math.abs(score - shares.vector - shares.text - shares.support) < 1e-9);
      }
    }),
  );
});

test("without vectors the order stays", () => {
  const bare = birds.map(({ id, cosine, bm25 }) => ({ id, cosine, bm25 }));
  assert.deepEqual(names(bare, 0.5), ["storks", "trains", "cranes"]);
  assert.deepEqual(lifted([], 1), []);
});
