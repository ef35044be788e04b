import assert from "node:assert/strict";
import { test } from "node:test";
import { answerType, holdsAnswerType, wordsOf } from "./answer-type.ts";

test("a question's words say what kind of thing it asks for", () => {
  const types = [
    "Who founded Bern?",
    "In which city was she born?",
    "When did it open?",
    "What year did the film start?",
    "How many people live there?",
    "How much does it cost?",
    "Why did they leave?",
    "How does a wing work?",
    "Is Bern a city?",
    "What is lift?",
  ].map(answerType);
  assert.deepEqual(types, ["name", "name", "date", "date", "number", "number", null, null, null, null]);
});

test("a unit must hold a new thing of that kind", () => {
  const holds = (unit: string, question: string) => holdsAnswerType(unit, answerType(question)!, wordsOf(question));
  assert.ok(holds("It was founded by Berthold.", "Who founded Bern?"));
  assert.ok(!holds("It was Bern.", "Who founded Bern?"));
  assert.ok(holds("The bridge opened in May 1902.", "When did the bridge open?"));
  assert.ok(!holds("In 1902 it was 4 m wide.", "When was it 4 m wide in 1902?"));
  assert.ok(holds("It has 134,000 people.", "How many people has it?"));
  assert.ok(holds("It has twelve gates.", "How many gates has it?"));
});

test("how long and how far ask for a time or a length, not for any number", () => {
  const holds = (unit: string) => holdsAnswerType(unit, answerType("How long does it keep?")!, wordsOf("keep"));
  for (const unit of ["Two days in the fridge.", "It takes 35 minutes.", "For half an hour.", "A 12-mile walk, 5 km."])
    assert.ok(holds(unit), unit);
  for (const unit of ["Serves 4.", "As soon as you am able.", "In 1902.", "200 g of flour."])
    assert.ok(!holds(unit), unit);
});
