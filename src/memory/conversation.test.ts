import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { HybridRAGError } from "../errors.ts";
import { ownerScope } from "../scope.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { conversations, type ConversationParts } from "./conversation.ts";
import { extractiveSummary } from "./extractive-summary.ts";

const scope = ownerScope("t");
const analyzer = englishAnalyzer();
const countTokens = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;
const analyze = (text: string): readonly string[] => analyzer.analyze(text);

function talking(more: Partial<ConversationParts> = {}) {
  const { sessions } = openMemoryStore();
  const settings = { ttlMs: 60_000, historyTokens: 40, summaryTokens: 20 };
  return { sessions, talks: conversations({ sessions, settings, countTokens, analyze, ...more }) };
}

const turn = (n: number) => ({
  question: `Question ${n}: how many puffins nest on island ${n}?`,
  answer: `Island ${n} has ${n * 100} puffins. The count was made in May.`,
});

describe("conversations", () => {
  test("folding loses nothing that was said: the log stays, the summary covers what is not recalled whole", async () => {
    const { sessions, talks } = talking();
    for (let n = 1; n <= 8; n++) {
      await talks.record(scope, "s", turn(n));
      await talks.fold(scope, "s");
    }
    const history = (await talks.recall(scope, "s"))!;
    const log = await sessions.messages(scope, "s", {});
    assert.equal(log.length, 16);
    assert.equal(history.session.summarized_to + history.messages.length, 16);
    assert.ok(history.messages.reduce((sum, { content }) => sum + countTokens(content), 0) <= 40);
    assert.ok(history.summary !== "" && countTokens(history.summary) <= 20);
  });

  test("the last exchange is recalled whole however long it is", async () => {
    const { talks } = talking();
    await talks.record(scope, "s", turn(1));
    await talks.record(scope, "s", { question: "long ".repeat(100), answer: "longer ".repeat(200) });
    await talks.fold(scope, "s");
    const { messages } = (await talks.recall(scope, "s"))!;
    assert.deepEqual(
      messages.map(({ sequence }) => sequence),
      [3, 4],
    );
  });

  test("a model writes the summary; when it is down, sentences are taken", async () => {
    const written = talking({ summarize: async () => "by the model" });
    const down = talking({
      summarize: async () => {
        throw new HybridRAGError("provider_failed", "down");
      },
    });
    for (const { talks } of [written, down]) {
      for (let n = 1; n <= 4; n++) await talks.record(scope, "s", turn(n));
      await talks.fold(scope, "s");
    }
    assert.equal((await written.talks.recall(scope, "s"))!.summary, "by the model");
    assert.match((await down.talks.recall(scope, "s"))!.summary, /puffins/);
  });

  test("what never was, or has expired, is no history", async () => {
    assert.equal(await talking().talks.recall(scope, "none"), null);
  });
});

test("an extractive summary holds only whole sentences of its texts, in their order, within the budget", () => {
  const sentence = fc
    .array(fc.constantFrom("puffin", "nest", "island", "storm", "count", "gauge"), { minLength: 1, maxLength: 8 })
    .map((words) => `${words.join(" ")}.`);
  const texts = fc.array(fc.array(sentence, { minLength: 1, maxLength: 4 }).map((some) => some.join(" ")));
  fc.assert(
    fc.property(texts, fc.nat(30), (given, maxTokens) => {
      const summary = extractiveSummary({ texts: given, maxTokens, countTokens, analyze });
      assert.ok(countTokens(summary) <= maxTokens);
      const all = given.join(" ").split(/(?<=\.) /);
      let from = 0;
      for (const part of summary === "" ? [] : summary.split(/(?<=\.) /)) {
        const at = all.indexOf(part, from);
        assert.ok(at >= 0, `"${part}" is not there, or not in order`);
        from = at + 1;
      }
    }),
  );
});
