import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { areAlike, documentLifted } from "./document-prior.ts";
import { fuse } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import { likenessOf } from "./likeness.ts";
import { worldOf, type Scored } from "./world.test.fixture.ts";

const fusion = { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 } as const;
const prior = { copy: 0.9, copied: 0.5, passages: 3, weight: 2, name: 1.5 };

/** Page `p` of manual `m`: pages of the same number say almost the same in every manual. */
interface Page extends Omit<Scored, "id"> {
  readonly document: string;
}

function fused(pages: readonly Page[]): readonly FusedHit[] {
  const world = worldOf(pages.map(({ document, ...scores }, index) => ({ ...scores, id: `${document}/${index}` })));
  const candidates = world.candidates.map((candidate) => ({
    ...candidate,
    chunk: { ...candidate.chunk, document_id: candidate.chunk.chunk_id.split("/")[0]! },
  }));
  return fuse({ ...world, candidates }, fusion);
}

const lifted = (pages: readonly Page[], question: string) => documentLifted(fused(pages), question, prior);
const documents = (hits: readonly FusedHit[]) => hits.map(({ candidate }) => candidate.chunk.document_id);
const alike = (pages: readonly Page[]) => areAlike(fused(pages), likenessOf(fused(pages), 30), prior);

const torque = [1, 0, 0];
const oil = [0, 1, 0];
const belt = [0, 0, 1];

/** The page on torque is a little better in the manual of the van, everything else in that of the truck. */
const manuals: readonly Page[] = [
  { document: "van", cosine: 0.81, bm25: 4, vector: torque },
  { document: "truck", cosine: 0.8, bm25: 4, vector: torque },
  { document: "truck", cosine: 0.6, bm25: 3, vector: oil },
  { document: "van", cosine: 0.2, bm25: 0, vector: oil },
  { document: "truck", cosine: 0.5, bm25: 3, vector: belt },
  { document: "van", cosine: 0.1, bm25: 0, vector: belt },
];

test("of two copies of a page the one stands first whose document was found more", () => {
  assert.equal(documents(fused(manuals))[0], "van");
  assert.equal(documents(lifted(manuals, "how tight is it"))[0], "truck");
});

test("the words that a document's id shares with the question decide between copies", () => {
  const years = ["rules-2021", "rules-2022", "rules-2023"].flatMap((document) => [
    { document, cosine: document === "rules-2023" ? 0.81 : 0.8, bm25: 4, vector: torque },
    { document, cosine: 0.5, bm25: 3, vector: oil },
  ]);
  assert.equal(documents(lifted(years, "how long is the notice"))[0], "rules-2023");
  assert.equal(documents(lifted(years, "how long was the notice in 2021"))[0], "rules-2021");
  assert.equal(documents(lifted(years, "rules for the notice"))[0], "rules-2023", "a word that all of them share");
});

test("pages that were given as documents of their own count for the document before the #", () => {
  const pages = manuals.map((page, index) => ({ ...page, document: `${page.document}#p${index}` }));
  assert.equal(documents(fused(pages))[0], "van#p0");
  assert.equal(documents(lifted(pages, "how tight is it"))[0], "truck#p1");
});

test("documents are alike where most of the hits have a copy in another document", () => {
  assert.ok(alike(manuals));
  const unlike = manuals.map((page) => (page.document === "van" ? { ...page, vector: [0.6, 0.64, 0.48] } : page));
  assert.ok(!alike(unlike));
  const repetitive = manuals.map((page) => ({ ...page, document: "van" }));
  assert.ok(!alike(repetitive), "copies in the same document");
  assert.ok(!alike(manuals.map(({ document, cosine, bm25 }) => ({ document, cosine, bm25 }))), "no vectors");
  assert.ok(!alike([]));
});

test("no score falls, shares still sum to it, and the order inside a document stays", () => {
  const pages = fc.array(
    fc.record({
      document: fc.constantFrom("van", "truck", "van 2", "#"),
      cosine: fc.double({ min: -1, max: 1, noNaN: true }),
      bm25: fc.double({ min: 0, max: 20, noNaN: true }),
    }),
    { minLength: 1, maxLength: 15 },
  );
  fc.assert(
    fc.property(pages, fc.constantFrom("van 2", "a truck", ""), (world, question) => {
      const before = fused(world);
      const scores = new Map(before.map((hit) => [hit.candidate.chunk.chunk_id, hit.score]));
      const after = lifted(world, question);
      for (const { candidate, score, shares } of after) {
        assert.ok(score >= scores.get(candidate.chunk.chunk_id)!);
        assert.ok(Math.abs(score - shares.vector - shares.text - shares.document) < 1e-9);
      }
      const inside = (hits: readonly FusedHit[], document: string) =>
        hits.filter(({ candidate }) => candidate.chunk.document_id === document).map(({ score }) => score);
      for (const document of documents(before)) {
        const gains = inside(after, document).map((score, index) => score - inside(before, document)[index]!);
        assert.ok(gains.every((gain) => Math.abs(gain - gains[0]!) < 1e-9));
      }
    }),
  );
});
