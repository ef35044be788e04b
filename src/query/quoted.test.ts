import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ChunkSearch } from "../ports/chunk-store.ts";
import { ownerScope } from "../scope.ts";
import { defaultQuerySettings } from "./plan.ts";
import { parseQueryRequest } from "./query-request.ts";
import { quotedFirst, quotedPhrases, quotedStrength } from "./quoted.ts";
import { search } from "./search.ts";
import { chunkNamed, fakePorts, worldOf, type Scored } from "./world.test.fixture.ts";

test("what stands in quotation marks of any kind is a phrase, from two words on", () => {
  assert.deepEqual(quotedPhrases('Who sang "Hello Love" and “My Way”, or «La vie en rose»? („Ein Bett“)'), [
    "Hello Love",
    "My Way",
    "La vie en rose",
    "Ein Bett",
  ]);
  assert.deepEqual(quotedPhrases('a 5" x 7" print of "view" and ""'), []);
  assert.deepEqual(quotedPhrases('it says "never closed'), []);
  assert.equal(quotedPhrases('"a b" "a b" "c d"').length, 2);
});

const question = 'red walrus "blue heron"';
const world: readonly Scored[] = [
  { id: "walrus", cosine: 0.9, bm25: 5 },
  { id: "both", cosine: 0.5, bm25: 2 },
  { id: "heron", cosine: 0.2, bm25: 1 },
  { id: "other", cosine: 0.4, bm25: 0 },
];

/** `holding` is what the store finds to hold the phrases; `depth` how deep its legs are. */
function ports(holding: readonly string[] | Error, depth = 50) {
  return fakePorts(({ text, vector }: ChunkSearch) => {
    const phrases = text?.phrases ?? [];
    if (phrases.length > 0 && holding instanceof Error) throw holding;
    const held = world.map((one) =>
      phrases.length > 0 && !(holding as readonly string[]).includes(one.id) ? { ...one, bm25: 0 } : one,
    );
    const found = worldOf(held, phrases.length > 0 ? 50 : depth);
    return vector === null ? { ...found, vector: null } : found;
  });
}
const ask = async (used: ReturnType<typeof ports>, mode: string, query = question) => {
  const { results, warnings } = await search(
    used,
    ownerScope("t"),
    parseQueryRequest({ query, mode, explain: true }),
    defaultQuerySettings,
  );
  return { ids: results.map(({ chunk_id }) => chunk_id), warnings: warnings.map(({ code }) => code), results };
};

test("passages that hold the quoted words come first, in the order that they had, and the others follow", async () => {
  for (const mode of ["text", "hybrid"])
    assert.deepEqual((await ask(ports(["both", "heron"]), mode)).ids.slice(0, 3), ["both", "heron", "walrus"], mode);
  assert.equal((await ask(ports(["both", "heron"]), "hybrid", "red walrus blue heron")).ids[0], "walrus");
});

test("a question means its quotation marks; a text that quotes a title in passing means them by their share", () => {
  assert.equal(quotedStrength('Who wrote "blue heron" and why?', ["blue heron"]), 1);
  const text = `${"many words about something else ".repeat(12)} as in "blue heron"`;
  const strength = quotedStrength(text, ["blue heron"]);
  assert.ok(strength > 0 && strength < 0.2, String(strength));
  assert.equal(quotedStrength("word ".repeat(100), []), 0);
});

test("a holder that neither leg listed is found nevertheless", async () => {
  assert.equal((await ask(ports(["heron"], 1), "hybrid")).ids[0], "heron");
});

test("where no passage holds the words, that is said and the order stays", async () => {
  const { ids, warnings } = await ask(ports([]), "hybrid");
  assert.deepEqual([ids[0], warnings], ["walrus", ["phrase_not_found"]]);
  assert.deepEqual((await ask(ports(new Error("down")), "hybrid")).warnings, ["phrase_not_searched"]);
});

test("the vector leg alone knows no words, so quotation marks change nothing", async () => {
  const { ids, warnings } = await ask(ports(["heron"]), "vector");
  assert.deepEqual([ids[0], warnings], ["walrus", []]);
});

test("scores still go down and are the sum of their shares", async () => {
  const { results } = await ask(ports(["heron"]), "hybrid");
  results.forEach(({ score, explain }, index) => {
    assert.ok(index === 0 || results[index - 1]!.score >= score);
    const { vector, text, support } = explain!;
    assert.ok(Math.abs(vector.share + text.share + support - score) < 1e-9);
  });
});

test("lifting the holders loses no hit and makes no score rise along the list", () => {
  const hit = (id: string, score: number) => ({
    candidate: { chunk: chunkNamed(id), cosine: 0, bm25: 0, vectorRank: 1, textRank: 1 },
    score,
    shares: { vector: 0, text: score, support: 0, document: 0 },
    graph: null,
    rerank: null,
  });
  const scores = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 12 });
  fc.assert(
    fc.property(scores, fc.nat(4095), fc.double({ min: 0, max: 1, noNaN: true }), (list, mask, strength) => {
      const hits = list.toSorted((a, b) => b - a).map((score, index) => hit(String(index), score));
      const holders = new Set(hits.map((_, index) => String(index)).filter((_, index) => (mask >> index) & 1));
      const ordered = quotedFirst(hits, holders, strength);
      assert.equal(new Set(ordered.map(({ candidate }) => candidate.chunk.chunk_id)).size, hits.length);
      ordered.forEach(({ score }, index) => assert.ok(index === 0 || ordered[index - 1]!.score >= score));
    }),
    { numRuns: 100 },
  );
});
