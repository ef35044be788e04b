import assert from "node:assert/strict";
import { test } from "node:test";
import { isOverviewQuestion } from "./overview-question.ts";

test("a question about the collection asks for nothing in it", () => {
  for (const question of [
    "What are the main themes in these documents?",
    "Give me an overview of the whole collection.",
    "What's this corpus about?",
    "Which subjects do these reports cover?",
    "Summarise everything.",
    "What are the key points of the discussions?",
  ])
    assert.equal(isOverviewQuestion(question), true, question);
});

test("a question with a word of its own is no overview", () => {
  for (const question of [
    "What are the main themes of the Apollo reports?",
    "Who founded the company?",
    "What is it?",
    "",
    "Which topics does Kafka have?",
  ])
    assert.equal(isOverviewQuestion(question), false, question);
});
