import assert from "node:assert/strict";
import { test } from "node:test";
import { fuse } from "./fuse.ts";
import { diversify } from "./mmr.ts";
import { worldOf } from "./world.test.fixture.ts";

const hits = fuse(
  {
    ...worldOf([
      { id: "storks", cosine: 0.9, bm25: null, vector: [1, 0] },
      { id: "storks again", cosine: 0.89, bm25: null, vector: [1, 0] },
      { id: "cranes", cosine: 0.7, bm25: null, vector: [0, 1] },
      { id: "far", cosine: 0.1, bm25: null, vector: [0, 1] },
    ]),
    text: null,
  },
  { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 },
);
const names = (lambda: number, limit: number) =>
  diversify(hits, lambda, limit).map((hit) => hit.candidate.chunk.chunk_id);

test("a repetition gives way to something else that is relevant", () => {
  assert.deepEqual(names(0.6, 3), ["storks", "cranes", "storks again"]);
});

test("with λ = 1 the order stays, and the limit holds", () => {
  assert.deepEqual(names(1, 9), ["storks", "storks again", "cranes", "far"]);
  assert.deepEqual(names(1, 2), ["storks", "storks again"]);
  assert.deepEqual(diversify([], 0.5, 3), []);
});
