import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HybridRAGError } from "../errors.ts";
import type { ChunkSearchResult } from "../ports/chunk-store.ts";
import { fuse, scaleOf, unlistedHit } from "./fuse.ts";
import type { Fusion } from "./fusion.ts";
import { worldOf, type Scored } from "./world.test.fixture.ts";

const fusion = (method: Fusion["method"], more: Partial<Fusion> = {}): Fusion => ({
  method,
  vectorWeight: 1,
  textWeight: 0.4,
  rankConstant: 60,
  ...more,
});
const methods = ["z", "convex", "rrf"] as const;
const order = (result: ChunkSearchResult, f: Fusion) => fuse(result, f).map((hit) => hit.candidate.chunk.chunk_id);

const others = (count: number): Scored[] =>
  Array.from({ length: count }, (_, i) => ({ id: `other-${i}`, cosine: 0.1 + i * 0.001, bm25: 0 }));

for (const method of methods) {
  test(`${method}: puts a chunk that both lists praise above one that only one praises`, () => {
    const world = worldOf([
      { id: "both", cosine: 0.7, bm25: 8 },
      { id: "meaning", cosine: 0.71, bm25: 0 },
      { id: "words", cosine: 0.1, bm25: 8.1 },
      ...others(20),
    ]);
    assert.equal(order(world, fusion(method))[0], "both");
  });

  test(`${method}: equal scores are ordered by chunk id, by code point`, () => {
    const world = worldOf([
      { id: "\u{1F600}", cosine: 0.5, bm25: 2 },
      { id: "\uFF5E", cosine: 0.5, bm25: 2 },
      { id: "a", cosine: 0.5, bm25: 2 },
    ]);
    const equal = { ...world, candidates: world.candidates.map((c) => ({ ...c, vectorRank: 1, textRank: 1 })) };
    assert.deepEqual(order(equal, fusion(method)), ["a", "\uFF5E", "\u{1F600}"]);
  });
}

test("z: the shares are the weighted standard scores over all allowed chunks", () => {
  const world = worldOf([
    { id: "a", cosine: 1, bm25: 4 },
    { id: "b", cosine: 0, bm25: 0 },
  ]);
  const [first, second] = fuse(world, fusion("z"));
  assert.deepEqual(first?.shares, { vector: 1, text: 0.4, support: 0, document: 0 });
  assert.deepEqual(second?.shares, { vector: -1, text: -0.4, support: 0, document: 0 });
});

test("z: a leg whose scores are all equal decides nothing", () => {
  const world = worldOf([
    { id: "a", cosine: 0.9, bm25: 1 },
    { id: "b", cosine: 0.5, bm25: 1 },
    { id: "c", cosine: 0.7, bm25: 1 },
  ]);
  assert.deepEqual(order(world, fusion("z")), ["a", "c", "b"]);
  assert.deepEqual(
    fuse(world, fusion("z")).map((hit) => hit.shares.text),
    [0, 0, 0],
  );
});

test("z: where the engine has no second score, BM25 is 0 and the cosine the last of the vector list", () => {
  const exact = worldOf([
    { id: "a", cosine: 0.8, bm25: 3 },
    { id: "b", cosine: 0.4, bm25: 0 },
    { id: "c", cosine: 0.4, bm25: 5 },
  ]);
  const guessed = {
    ...exact,
    candidates: exact.candidates.map((c) =>
      c.chunk.chunk_id === "b"
        ? { ...c, bm25: null }
        : c.chunk.chunk_id === "c"
          ? { ...c, cosine: null, vectorRank: null }
          : c,
    ),
  };
  const scores = (world: ChunkSearchResult) =>
    fuse(world, fusion("z")).map((hit) => [hit.candidate.chunk.chunk_id, hit.score]);
  assert.deepEqual(scores(guessed), scores(exact));
});

test("rrf: the constant and the weights are those of the formula", () => {
  const world = worldOf([
    { id: "a", cosine: 0.9, bm25: 1 },
    { id: "b", cosine: 0.8, bm25: 2 },
  ]);
  const [first] = fuse(world, fusion("rrf", { textWeight: 2, rankConstant: 10 }));
  assert.deepEqual([first?.candidate.chunk.chunk_id, first?.score], ["b", 1 / 12 + 2 / 11]);
});

const scoredWorld = fc
  .uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 3 }),
      cosine: fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: null, freq: 5 }),
      bm25: fc.option(fc.double({ min: 0, max: 40, noNaN: true }), { nil: null, freq: 5 }),
    }),
    { selector: (s) => s.id, maxLength: 12 },
  )
  .map((scored) => worldOf(scored, 5));
const anyFusion = fc.record({
  method: fc.constantFrom(...methods),
  vectorWeight: fc.double({ min: 0, max: 2, noNaN: true }),
  textWeight: fc.double({ min: 0, max: 2, noNaN: true }),
  rankConstant: fc.integer({ min: 1, max: 100 }),
});

test("the order of the candidates never shows", () => {
  fc.assert(
    fc.property(scoredWorld, anyFusion, fc.boolean(), (world, f, withMoments) => {
      const known = withMoments ? world : { ...world, vector: { ...world.vector!, moments: null } };
      const turned = { ...known, candidates: known.candidates.toReversed() };
      assert.deepEqual(fuse(turned, f), fuse(known, f));
    }),
  );
});

test("every score is a number, whatever an engine reports", () => {
  const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, 1e-300, -1);
  const moments = fc.record({ mean: odd, deviation: odd, count: fc.constantFrom(0, 1, 5) });
  fc.assert(
    fc.property(scoredWorld, anyFusion, fc.option(moments), odd, (world, f, given, score) => {
      const candidates = world.candidates.map((c, i) => (i === 0 ? { ...c, cosine: score, bm25: score } : c));
      const vector = { ...world.vector!, moments: given };
      const text = { ...world.text!, moments: given };
      for (const hit of fuse({ ...world, candidates, vector, text }, f)) {
        assert.ok(Number.isFinite(hit.score) && Number.isFinite(hit.shares.vector) && Number.isFinite(hit.shares.text));
      }
    }),
  );
});

/** Adding two shares rounds: scores that lie nearer than this part of themselves are equal. */
const rounding = 1e-12;

test("a better score in one leg never puts a chunk behind one that it was not behind", () => {
  fc.assert(
    fc.property(
      scoredWorld,
      fc.constantFrom("z" as const, "convex" as const),
      fc.nat(),
      fc.boolean(),
      (world, method, pick, vectorSide) => {
        fc.pre(world.candidates.length > 0);
        const index = pick % world.candidates.length;
        const raised = world.candidates.map((c, i) =>
          i !== index ? c : vectorSide ? { ...c, cosine: (c.cosine ?? 1) + 0.1 } : { ...c, bm25: (c.bm25 ?? 0) + 1 },
        );
        const id = world.candidates[index]!.chunk.chunk_id;
        const scoresOf = (result: ChunkSearchResult) =>
          new Map(fuse(result, fusion(method)).map((hit) => [hit.candidate.chunk.chunk_id, hit.score]));
        const [before, after] = [scoresOf(world), scoresOf({ ...world, candidates: raised })];
        for (const [other, score] of before) {
          if (score > before.get(id)!) continue;
          const own = after.get(id)!;
          assert.ok(own - after.get(other)! >= -rounding * Math.max(1, Math.abs(own)));
        }
      },
    ),
  );
});

test("one leg alone is that leg's own list with its own scores, whatever the method", () => {
  fc.assert(
    fc.property(scoredWorld, anyFusion, fc.constantFrom("vector" as const, "text" as const), (world, f, leg) => {
      const alone = { ...world, [leg === "vector" ? "text" : "vector"]: null };
      const rank = leg === "vector" ? "vectorRank" : "textRank";
      const expected = world.candidates.filter((c) => c[rank] !== null).sort((a, b) => a[rank]! - b[rank]!);
      assert.deepEqual(
        fuse(alone, f).map((hit) => hit.candidate),
        expected,
      );
      assert.deepEqual(
        fuse(alone, f).map((hit) => hit.score),
        expected.map((c) => (leg === "vector" ? c.cosine : c.bm25)),
      );
    }),
  );
});

test("a leg that failed takes no part", () => {
  const world = worldOf([
    { id: "a", cosine: 0.9, bm25: 1 },
    { id: "b", cosine: 0.1, bm25: 2 },
  ]);
  const failed = { ...world, text: { ...world.text!, error: new HybridRAGError("store_failed", "down") } };
  assert.deepEqual(order(failed, fusion("z")), ["a", "b"]);
  assert.deepEqual(fuse({ ...failed, vector: null }, fusion("z")), []);
});

test("a passage that no list holds is still scored, by the legs that ran", () => {
  const world = worldOf([
    { id: "a", cosine: 0.9, bm25: 3 },
    { id: "b", cosine: 0.1, bm25: 1 },
  ]);
  const stranger = { ...world.candidates[0]!, vectorRank: null, textRank: null };
  const score = (found: ChunkSearchResult) => [unlistedHit(scaleOf(found, fusion("z")), stranger).score];
  assert.deepEqual(score(world), [fuse(world, fusion("z"))[0]!.score]);
  assert.deepEqual(score({ ...world, vector: null }), [3]);
  assert.deepEqual(score({ ...world, text: null }), [0.9]);
});
