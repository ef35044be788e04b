import assert from "node:assert/strict";
import { test } from "node:test";
import { countWords } from "../../ingest/chunk/chunk-document.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { measureChunking } from "./chunking.ts";
import { recursiveSplit } from "./recursive-splitter.ts";

/** Says only whether a text holds the word. */
const wordEmbedder = (word: string): Embedder => ({
  fingerprint: "word@2",
  model: "word",
  dimensions: 2,
  maxTokens: 250,
  languages: "multi",
  limits: { items: 100, tokens: 100_000, parallel: 1 },
  countTokens: countWords,
  embed: async (texts) => ({
    vectors: texts.map((text) => (text.includes(word) ? Float32Array.of(1, 0) : Float32Array.of(0, 1))),
    tokens: 0,
  }),
  close: async () => undefined,
});

test("a span that lies in a retrieved chunk counts as found, characters around it against the precision", async () => {
  const filler = Array.from({ length: 200 }, (_, index) => `Sentence ${index} speaks of nothing at all.`).join(" ");
  const answer = "The zebra crosses here.";
  const text = `${filler}\n\n${answer}\n\n${filler}`;
  const span = { start: text.indexOf(answer), end: text.indexOf(answer) + answer.length };
  const set = { documents: [{ _id: "a", text }], questions: [{ text: "zebra", document: "a", spans: [span] }] };
  const { ours, plain } = await measureChunking(set, wordEmbedder("zebra"));
  for (const figures of [ours, plain]) {
    assert.equal(figures.recall, 1);
    assert.ok(figures.precision > 0 && figures.precision < 0.2);
    assert.ok(figures.iou <= figures.precision);
  }
});

test("the plain splitter keeps the budget and every character", () => {
  const text = "A line of words. Another one.\n\nA paragraph.\nA line.\n\n".repeat(40);
  const ranges = recursiveSplit(text, { maxTokens: 20, countTokens: countWords });
  assert.equal(ranges.map(({ start, end }) => text.slice(start, end)).join(""), text);
  for (const { start, end } of ranges) assert.ok(countWords(text.slice(start, end)) <= 20);
});
