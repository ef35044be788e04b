import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChunkSearchResult } from "../../ports/chunk-store.ts";
import type { Store } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import { defaultQuerySettings } from "../plan.ts";
import { parseQueryRequest } from "../query-request.ts";
import { fakePorts, worldOf } from "../world.test.fixture.ts";
import type { AnswerEvent } from "./answer-event.ts";
import { collectAnswer } from "./collect-answer.ts";
import type { AnswerConstants } from "./constants.ts";
import { extractAnswer, type AnswerPorts } from "./extract-answer.ts";

const analyzer = englishAnalyzer();
const line = {
  weights: { intercept: -4.1, topCosine: 4.6, coverage: 1.9, length: 0.3, missing: -0.7, size: 0 },
  none: -0.5,
  answer: 0.5,
};
const constants: AnswerConstants = {
  embedder: "fake",
  abstention: line,
  lexicalAbstention: line,
};
const passages: Readonly<Record<string, string>> = {
  storks: "# Storks\n\nStorks nest on roofs. They return from Africa in March. Eggs are white.",
  bread: "Bread is baked from flour. It is sold warm.",
  trains: "Trains leave Bern every hour.",
};

/** A collection of three passages; `near` is how near the vector leg finds the stork passage. */
function world(question: string, near: number): ChunkSearchResult {
  const made = worldOf(
    Object.entries(passages).map(([id, content]) => ({
      id,
      content,
      cosine: id === "storks" ? near : 0.05,
      bm25: analyzer.analyze(question).filter((term) => analyzer.analyze(content).includes(term)).length,
    })),
  );
  const terms = analyzer.analyze(question).map((term) => ({
    term,
    documentFrequency: Object.values(passages).filter((content) => analyzer.analyze(content).includes(term)).length,
  }));
  return { ...made, text: { ...made.text!, terms } };
}

function portsFor(question: string, near: number, texts: Readonly<Record<string, string>> = passages): AnswerPorts {
  const ports = fakePorts(() => world(question, near));
  const documents = { text: async (_: unknown, id: string) => texts[id.replace("document-", "")] ?? null };
  return { ...ports, store: { ...ports.store, documents } as unknown as Store, analyzer, constants };
}

const events = (question: string, near: number, texts?: Readonly<Record<string, string>>) =>
  extractAnswer(
    portsFor(question, near, texts),
    ownerScope("t"),
    parseQueryRequest({ query: question, mode: "hybrid" }),
    defaultQuerySettings,
  );
const answer = (...ask: Parameters<typeof events>) => collectAnswer(events(...ask));

test("answers in the source's words, and every quote stands where its citation says", async () => {
  const { answer: text, evidence, abstained, citations } = await answer("When do storks return from Africa?", 0.8);
  assert.equal(text, "Storks nest on roofs. They return from Africa in March. [1]");
  assert.deepEqual([evidence, abstained], ["answer", false]);
  assert.deepEqual(
    citations.map(({ marker, document_id }) => [marker, document_id]),
    [[1, "document-storks"]],
  );
  for (const { quote, start, end } of citations) assert.equal(passages["storks"]!.slice(start, end), quote);
});

test("the closest passages are shown as such, with the names that none of them mentions", async () => {
  const { answer: text, evidence, citations } = await answer("When do storks return from Tunisia to Basel?", 0.95);
  assert.equal(evidence, "closest");
  assert.match(
    text,
    /^These are the closest passages; they may not answer the question\. No passage found mentions “Tunisia” or “Basel”\.\n\n/,
  );
  assert.ok(citations.length > 0);
});

test("a question that nothing comes near abstains, and does not claim that the collection has no answer", async () => {
  const result = await answer("Which parliament elects the chancellor?", 0.1);
  assert.deepEqual([result.evidence, result.abstained, result.citations], ["none", true, []]);
  assert.equal(result.answer, "No answer was found. Other words may find more.");
  assert.ok(result.sources.length > 0);
});

test("events begin with the sources, end with the end, and a citation follows the text that holds its marker", async () => {
  let text = "";
  const seen: AnswerEvent["type"][] = [];
  for await (const event of events("When do storks return from Africa?", 0.8)) {
    seen.push(event.type);
    if (event.type === "text-delta") text += event.text;
    if (event.type === "citation") assert.ok(text.includes(`[${event.citation.marker}]`));
  }
  assert.deepEqual([seen[0], seen.at(-1)], ["sources", "end"]);
});

test("when no quote stands in the stored source any more, nothing is claimed", async () => {
  const result = await answer("When do storks return from Africa?", 0.8, { storks: "Rewritten." });
  assert.deepEqual([result.evidence, result.abstained, result.citations], ["none", true, []]);
  assert.equal(result.warnings[0]?.code, "citations_dropped");
});

test("an answer that was cut off is an error, not half an answer", async () => {
  async function* cut(): AsyncGenerator<AnswerEvent> {
    yield { type: "text-delta", text: "Storks" };
  }
  await assert.rejects(collectAnswer(cut()), { code: "provider_failed" });
});
