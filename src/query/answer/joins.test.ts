import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkNamed } from "../world.test.fixture.ts";
import { joinsOf } from "./joins.ts";
import type { ScoredUnit } from "./scored-units.ts";

function unit(chunk: string, text: string, title = ""): ScoredUnit {
  const candidate = { chunk: { ...chunkNamed(chunk), title }, cosine: null, bm25: null, vectorRank: 1, textRank: 1 };
  const shares = { vector: 0, text: 0, support: 0, document: 0 };
  return {
    hit: { candidate, score: 1, shares, graph: null, rerank: null },
    place: 0,
    start: 0,
    end: text.length,
    text,
    score: 1,
    covers: [],
    onTopic: true,
    previousStart: null,
  };
}
const question = "Which river flows through the birthplace of Ada?";
const shareOf = (a: ScoredUnit, b: ScoredUnit, ...others: ScoredUnit[]) =>
  joinsOf([a, b, ...others], question).share(a, b);

test("passages share a name in their texts, or one says what the other is titled", () => {
  const birth = unit("a", "She was born in Kassel.");
  assert.equal(shareOf(birth, unit("b", "The Fulda crosses Kassel.")), 1);
  assert.equal(shareOf(birth, unit("b", "The town lies on a river.", "Kassel")), 1);
  assert.equal(shareOf(unit("a", "The town is old.", "Kassel"), unit("b", "The Fulda crosses Kassel.")), 1);
  assert.equal(shareOf(birth, unit("b", "The Rhine crosses Bonn.")), 0);
});

test("the more passages have the name, the less it tells", () => {
  const others = ["c", "d"].map((chunk) => unit(chunk, "Trains go to Kassel."));
  assert.equal(shareOf(unit("a", "Born in Kassel."), unit("b", "It crosses Kassel."), ...others), 1 / 3);
});

test("names of the question, months, first words of a sentence and the same passage join nothing", () => {
  assert.equal(shareOf(unit("a", "His friend Ada came."), unit("b", "It was Ada.")), 0);
  assert.equal(shareOf(unit("a", "It rained in March."), unit("b", "It was March.")), 0);
  assert.equal(shareOf(unit("a", "Rivers flow."), unit("b", "Rivers dry.")), 0);
  assert.equal(shareOf(unit("a", "Born in Kassel."), unit("a", "It crosses Kassel.")), 0);
});

test("accents and possessive endings do not part a name", () => {
  assert.equal(shareOf(unit("a", "It is by Tekezé’s banks."), unit("b", "See Tekeze.")), 1);
});
