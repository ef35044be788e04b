import assert from "node:assert/strict";
import { test } from "node:test";
import type { LanguageModel } from "../ports/language-model.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { condense, condenseByRules, leansOnHistory } from "./condense.ts";

const history = {
  summary: "",
  messages: [
    { role: "user", content: "Who founded Ravenholt Shipping?" },
    { role: "assistant", content: "Ravenholt Shipping was founded by Ada Lindqvist in Malmö." },
  ] as const,
};

test("a question that leans on what was said is told from one that stands alone", () => {
  for (const question of ["When did she die?", "And why?", "What about the second one?", "Where is it?"])
    assert.ok(leansOnHistory(question), question);
  for (const question of ["Who founded Nordhavn Bank?", "How are invoices paid in Denmark?"])
    assert.ok(!leansOnHistory(question), question);
});

test("rules add the names of the last exchange behind the question's own words", () => {
  const condensed = condenseByRules("When did she die?", history);
  assert.match(condensed, /^When did she die\? /);
  for (const name of ["Ravenholt Shipping", "Ada Lindqvist"]) assert.ok(condensed.includes(name), condensed);
  assert.equal(condenseByRules("Who founded Nordhavn Bank?", history), "Who founded Nordhavn Bank?");
});

test("without names the last question's words are added", () => {
  const messages = [{ role: "user", content: "how are invoices paid" }] as const;
  assert.equal(condenseByRules("and why?", { messages, summary: "" }), "and why? how are invoices paid");
});

const rewriting = (value: unknown): LanguageModel => ({
  ...quotingModel(),
  generateObject: async () => {
    if (value instanceof Error) throw value;
    return { value, usage: { inputTokens: 7, outputTokens: 3, cacheReadTokens: 0, cacheWriteTokens: 0 } };
  },
});

test("a model rewrites; what it uses is counted", async () => {
  const condensed = await condense(
    rewriting({ question: "When did Ada Lindqvist die?" }),
    "When did she die?",
    history,
  );
  assert.deepEqual(
    [condensed.question, condensed.usage.inputTokens, condensed.warnings],
    ["When did Ada Lindqvist die?", 7, []],
  );
});

test("a model that fails, or answers something else, leaves it to the rules with a warning", async () => {
  for (const value of [new Error("down"), { question: "" }, { other: 1 }]) {
    const condensed = await condense(rewriting(value), "When did she die?", history);
    assert.match(condensed.question, /Lindqvist/);
    assert.deepEqual(
      condensed.warnings.map(({ code }) => code),
      ["rewrite_unavailable"],
    );
  }
});

test("the first question of a conversation is never rewritten", async () => {
  const condensed = await condense(rewriting({ question: "other" }), "When did she die?", {
    messages: [],
    summary: "",
  });
  assert.equal(condensed.question, "When did she die?");
});
