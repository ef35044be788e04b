import assert from "node:assert/strict";
import { test } from "node:test";
import { englishAnalyzer } from "../../text/analyze.ts";
import type { FusedHit } from "../fusion.ts";
import { chunkNamed } from "../world.test.fixture.ts";
import { questionTerms } from "./question.ts";
import { scoredUnits } from "./scored-units.ts";

const analyzer = englishAnalyzer();

function hit(id: string, content: string, title = "", heading_path: readonly string[] = []): FusedHit {
  const chunk = { ...chunkNamed(id, content), title, heading_path };
  const candidate = { chunk, cosine: 0.5, bm25: 1, vectorRank: 1, textRank: 1 };
  return { candidate, score: 1, shares: { vector: 1, text: 0, support: 0, document: 0 }, graph: null, rerank: null };
}
const units = (question: string, ...hits: readonly FusedHit[]) =>
  scoredUnits(question, questionTerms(question, null, analyzer), hits, analyzer);
const texts = (...asked: Parameters<typeof units>) => units(...asked).map(({ text }) => text);

test("the sentence with the question's words comes first, and says which of them it covers", () => {
  const [first, second] = units("When do storks return?", hit("a", "Eggs are white. Storks return in March."));
  assert.deepEqual([first?.text, second?.text], ["Storks return in March.", "Eggs are white."]);
  assert.deepEqual(
    [first?.covers, second?.covers],
    [
      [0.5, 0.5],
      [0, 0],
    ],
  );
});

test("a line that is the title or a heading above the passage is no answer", () => {
  const content = "The tide gauge\n\nRepairs\n\nThe sensor is replaced each spring.";
  assert.deepEqual(texts("Who repairs the tide gauge?", hit("a", content, "The Tide Gauge", ["Repairs"])), [
    "The sensor is replaced each spring.",
  ]);
  assert.deepEqual(texts("Who repairs the tide gauge?", hit("a", "The tide gauge", "The tide gauge")), [
    "The tide gauge",
  ]);
});

test("what two passages share stands once", () => {
  assert.deepEqual(texts("storks", hit("a", "Storks nest on roofs."), hit("b", "Storks nest\non roofs.")), [
    "Storks nest on roofs.",
  ]);
});

test("a unit that asks is no answer; what it asks stands above what follows it", () => {
  const faq = hit("a", "Why does my dough stay flat? The yeast is old. Why is the crust pale? The oven is cold.");
  assert.deepEqual(texts("why does dough stay flat", faq).slice(0, 1), ["The yeast is old."]);
  assert.deepEqual(texts("why is a crust pale", faq).slice(0, 1), ["The oven is cold."]);
});
