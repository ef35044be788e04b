import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkNamed } from "../world.test.fixture.ts";
import { pickUnits } from "./pick-units.ts";
import type { ScoredUnit } from "./scored-units.ts";

const unit = (
  chunk: string,
  score: number,
  more: { text?: string; from?: string; content?: string; title?: string; covers?: readonly number[] } = {},
): ScoredUnit => ({
  hit: {
    candidate: {
      chunk: { ...chunkNamed(chunk, more.content), title: more.title ?? "" },
      cosine: null,
      bm25: null,
      vectorRank: null,
      textRank: null,
    },
    score: 1,
    shares: { vector: 0, text: 0, support: 0, document: 0 },
    graph: null,
    rerank: null,
    ...(more.from === undefined
      ? {}
      : {
          path: {
            from_chunk_id: more.from,
            from_title: "",
            entity: "hank snow",
            link: "forward",
            sentence: "",
            strength: 0.6,
          },
        }),
  },
  place: 0,
  start: 10,
  end: 20,
  text: more.text ?? "Some text.",
  score,
  covers: more.covers ?? [],
  onTopic: true,
  previousStart: null,
});
const question = "Where was the singer of Hello Love born?";
const picked = (units: readonly ScoredUnit[], limit?: number) => pickUnits(units, question, limit);
const chunks = (units: readonly ScoredUnit[]) => units.map(({ hit }) => hit.candidate.chunk.chunk_id);

test("stops where the next unit is below .8 of the first, and at three", () => {
  assert.deepEqual(chunks(picked([unit("a", 1), unit("b", 0.8), unit("c", 0.79)])), ["a", "b"]);
  assert.equal(picked([unit("a", 1), unit("b", 1), unit("c", 1), unit("d", 1)]).length, 3);
  assert.deepEqual(picked([]), []);
});

test("a unit that a link reaches from a chosen passage is chosen although it scores low", () => {
  const linked = unit("answer", 0.65, { from: "bridge" });
  assert.deepEqual(chunks(picked([unit("bridge", 1), unit("other", 0.9), linked], 2)), ["bridge", "answer"]);
});

test("the bridge stands before the answer, even when the answer was found first", () => {
  const answer = unit("answer", 1, { from: "bridge" });
  const bridge = unit("bridge", 0.6, { text: "The song is by Hank Snow." });
  assert.deepEqual(chunks(picked([answer, bridge])), ["bridge", "answer"]);
  assert.deepEqual(chunks(picked([answer, unit("bridge", 0.6)])), ["answer"]);
});

test("what shares no word with the question and was reached over a name that half of the passages mention is not shown", () => {
  const others = ["x", "y", "z"].map((chunk) => unit(chunk, 0.1, { content: "Hank Snow sang." }));
  const linked = unit("answer", 0.6, { from: "bridge" });
  const offTopic = { ...linked, onTopic: false };
  assert.deepEqual(chunks(picked([unit("bridge", 1), linked, ...others])), ["bridge", "answer"]);
  assert.deepEqual(chunks(picked([unit("bridge", 1), offTopic, ...others])), ["bridge"]);
  assert.deepEqual(chunks(picked([unit("bridge", 1), offTopic, unit("x", 0.1)])), ["bridge", "answer"]);
});

test("words of the question that nothing picked covers make a unit worth more", () => {
  const first = unit("a", 1, { covers: [0.5, 0] });
  const same = unit("b", 0.9, { covers: [0.5, 0] });
  const other = unit("c", 0.7, { covers: [0, 0.5] });
  assert.deepEqual(chunks(picked([first, same, other], 2)), ["a", "c"]);
});

test("a name that the question does not say leads from one passage to another", () => {
  const bridge = unit("song", 1, { text: "The song was recorded by Hank Snow.", covers: [0.5, 0] });
  const answer = unit("singer", 0.5, { text: "A biography calls Snow born in Brooklyn.", covers: [0, 0.1] });
  const other = unit("other", 0.7, { text: "A biography calls Smith born in Leeds.", covers: [0, 0.1] });
  assert.deepEqual(chunks(picked([bridge, other, answer], 2)), ["song", "singer"]);
});

test("the passage whose title a picked unit says counts more", () => {
  const bridge = unit("song", 1, { text: "The song was recorded by hank snow." });
  const titled = unit("singer", 0.5, { title: "Hank Snow (singer)" });
  assert.deepEqual(chunks(picked([bridge, unit("other", 0.9), titled], 2)), ["song", "singer"]);
  const asked = unit("love", 0.5, { title: "Hello Love" });
  assert.deepEqual(chunks(picked([unit("song", 1, { text: "See hello love." }), unit("other", 0.9), asked], 2)), [
    "song",
    "other",
  ]);
});
