import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Asked, documentLifted, resemblanceOf } from "./document-prior.ts";
import { fuse } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import { likenessOf } from "./likeness.ts";
import { worldOf, type Scored } from "./world.test.fixture.ts";

const fusion = { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 } as const;
const prior = { copy: 0.9, copied: 0.5, copied_among_mixed: 0.25, passages: 3, weight: 2, name: 5, numbers: 0.75 };

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

const unnamed: Asked = {
  resemblance: "copies",
  naming: new Map(),
  forNumbers: false,
  covers: new Set(),
  contentOf: () => "",
};
const named = (document: string, share = 1): Asked => ({
  ...unnamed,
  naming: new Map([[document, { share, words: [document], byCover: 1, isLatest: false }]]),
});
const lifted = (pages: readonly Page[], asked = unnamed) => documentLifted(fused(pages), prior, asked);
const documents = (hits: readonly FusedHit[]) => hits.map(({ candidate }) => candidate.chunk.document_id);
const alike = (pages: readonly Page[]) => resemblanceOf(fused(pages), likenessOf(fused(pages), 30), prior) === "copies";

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
  assert.equal(documents(lifted(manuals))[0], "truck");
});

test("of copies of a page the one stands first whose document is named, and says by what it was", () => {
  assert.equal(documents(lifted(manuals, named("van")))[0], "van");
  const [first] = lifted(manuals, named("van"));
  assert.deepEqual(first?.gained, { lead: 0, name: 10, named_by: ["van"], latest: false, numbers: 0 });
});

test("a cover gains a third by words that it has and the name has not", () => {
  const cover = fused(manuals)[0]!.candidate.chunk.chunk_id;
  const gains = lifted(manuals, { ...named("van"), covers: new Set([cover]) }).flatMap(({ candidate, gained }) =>
    candidate.chunk.document_id === "van" ? [[candidate.chunk.chunk_id === cover, Math.round(3 * gained!.name)]] : [],
  );
  assert.deepEqual(gains.toSorted(), [
    [false, 30],
    [false, 30],
    [true, 10],
  ]);
});

test("where documents are only mixed, what else of one was found says nothing", () => {
  assert.equal(documents(lifted(manuals, { ...unnamed, resemblance: "mixture" }))[0], "van");
});

test("to a question of figures a passage with numbers stands first", () => {
  const asked: Asked = {
    ...unnamed,
    forNumbers: true,
    contentOf: ({ candidate }) => (candidate.chunk.chunk_id === "truck/2" ? "2021 40 17.5 3,200" : "many words"),
  };
  const [first, ...rest] = lifted(manuals, asked);
  assert.equal(first?.candidate.chunk.chunk_id, "truck/2");
  assert.ok(rest.every(({ gained }) => gained?.numbers === 0));
});

test("few copies will do where several passages of each of many documents were found", () => {
  /** Every third page has a copy in the next document. */
  const among = (passagesOf: (document: number) => number, copied_among_mixed = 0.1) => {
    const pages = Array.from({ length: 10 }, (_, document) =>
      Array.from({ length: passagesOf(document) }, (_, page): Page => {
        const direction = page % 3 === 0 ? page : 100 * document + page;
        const vector = [Math.cos(direction), Math.sin(direction), Math.cos(7 * direction), Math.sin(7 * direction)];
        const unit = vector.map((value) => value / Math.SQRT2);
        return { document: `book ${document}`, cosine: 0.9 - 0.01 * page, bm25: 1, vector: unit };
      }),
    );
    const hits = fused(pages.flat());
    return resemblanceOf(hits, likenessOf(hits, 30), { ...prior, copied: 2, copied_among_mixed });
  };
  assert.equal(
    among(() => 6),
    "copies",
  );
  assert.equal(
    among(() => 6, 2),
    "mixture",
  );
  assert.equal(
    among(() => 2),
    null,
    "few passages of each",
  );
  assert.equal(
    among((document) => (document === 0 ? 40 : document < 3 ? 10 : 0)),
    null,
    "few documents",
  );
});

test("pages that were given as documents of their own count for the document before the #", () => {
  const pages = manuals.map((page, index) => ({ ...page, document: `${page.document}#p${index}` }));
  assert.equal(documents(fused(pages))[0], "van#p0");
  assert.equal(documents(lifted(pages))[0], "truck#p1");
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
    fc.property(pages, fc.constantFrom("van 2", "truck", "none"), (world, document) => {
      const before = fused(world);
      const scores = new Map(before.map((hit) => [hit.candidate.chunk.chunk_id, hit.score]));
      const after = lifted(world, named(document, 0.5));
      for (const { candidate, score, shares, gained } of after) {
        assert.ok(score >= scores.get(candidate.chunk.chunk_id)!);
        assert.ok(Math.abs(score - shares.vector - shares.text - shares.document) < 1e-9);
        assert.ok(Math.abs(shares.document - gained!.lead - gained!.name - gained!.numbers) < 1e-9);
      }
      const inside = (hits: readonly FusedHit[], document: string) =>
        hits.filter(({ candidate }) => candidate.chunk.document_id === document).map(({ score }) => score);
      for (const one of documents(before)) {
        const gains = inside(after, one).map((score, index) => score - inside(before, one)[index]!);
        assert.ok(gains.every((gain) => Math.abs(gain - gains[0]!) < 1e-9));
      }
    }),
  );
});
