import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkNamed } from "../world.test.fixture.ts";
import { pickUnits } from "./pick-units.ts";
import type { ScoredUnit } from "./scored-units.ts";

const unit = (
  chunk: string,
  score: number,
  more: { text?: string; from?: string; content?: string } = {},
): ScoredUnit => ({
  hit: {
    candidate: { chunk: chunkNamed(chunk, more.content), cosine: null, bm25: null, vectorRank: null, textRank: null },
    score: 1,
    shares: { vector: 0, text: 0, support: 0 },
    graph: null,
    rerank: null,
    ...(more.from === undefined
      ? {}
      : { path: { from_chunk_id: more.from, entity: "hank snow", link: "forward", sentence: "", strength: 0.6 } }),
  },
  place: 0,
  start: 10,
  end: 20,
  text: more.text ?? "Some text.",
  score,
  onTopic: true,
  previousStart: null,
});
const chunks = (units: readonly ScoredUnit[]) => units.map(({ hit }) => hit.candidate.chunk.chunk_id);

test("stops where the next unit is below .8 of the first, and at three", () => {
  assert.deepEqual(chunks(pickUnits([unit("a", 1), unit("b", 0.8), unit("c", 0.79)])), ["a", "b"]);
  assert.equal(pickUnits([unit("a", 1), unit("b", 1), unit("c", 1), unit("d", 1)]).length, 3);
  assert.deepEqual(pickUnits([]), []);
});

test("a unit that a link reaches from a chosen passage is chosen although it scores low", () => {
  const linked = unit("answer", 0.1, { from: "bridge" });
  assert.deepEqual(chunks(pickUnits([unit("bridge", 1), unit("other", 0.9), linked], 2)), ["bridge", "answer"]);
});

test("the bridge stands before the answer, even when the answer was found first", () => {
  const answer = unit("answer", 1, { from: "bridge" });
  const bridge = unit("bridge", 0.6, { text: "The song is by Hank Snow." });
  assert.deepEqual(chunks(pickUnits([answer, bridge])), ["bridge", "answer"]);
  assert.deepEqual(chunks(pickUnits([answer, unit("bridge", 0.6)])), ["answer"]);
});

test("what shares no word with the question and was reached over a name that half of the passages mention is not shown", () => {
  const others = ["x", "y", "z"].map((chunk) => unit(chunk, 0.1, { content: "Hank Snow sang." }));
  const linked = unit("answer", 0.5, { from: "bridge" });
  const offTopic = { ...linked, onTopic: false };
  assert.deepEqual(chunks(pickUnits([unit("bridge", 1), linked, ...others])), ["bridge", "answer"]);
  assert.deepEqual(chunks(pickUnits([unit("bridge", 1), offTopic, ...others])), ["bridge"]);
  assert.deepEqual(chunks(pickUnits([unit("bridge", 1), offTopic, unit("x", 0.1)])), ["bridge", "answer"]);
});
