import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredAtOnce, type GraphAnswers } from "./ask.ts";
import { questionEntities } from "./question-entities.ts";

/** A graph with these names alone. */
const graphOf = (...names: readonly string[]): GraphAnswers => ({
  linkDensity: () => 1,
  weigh: (asked) =>
    asked.filter((name) => names.includes(name)).map((name) => ({ asked: name, entity: name, passages: 1, titled: 0 })),
  neighbours: () => [],
  list: () => ({ items: [], next: null }),
  links: () => ({ edges: [], passages: [], weights: [] }),
});

const found = (question: string, ...names: readonly string[]) =>
  answeredAtOnce(questionEntities(question), graphOf(...names)).map(({ entity, asked }) => [entity, asked]);

test("a name is found however people write it, and as the graph has it first", () => {
  assert.deepEqual(found("Who founded Procter and Gamble?", "procter gamble", "gamble"), [
    ["procter gamble", "procter and gamble"],
  ]);
  assert.deepEqual(found("when did jrr tolkien write it", "j r r tolkien"), [["j r r tolkien", "jrr tolkien"]]);
  assert.deepEqual(found("Who won World War 2?", "world war ii"), [["world war ii", "world war 2"]]);
  assert.deepEqual(found("Who won World War 2?", "world war ii", "world war 2"), [["world war 2", "world war 2"]]);
  assert.deepEqual(found("Where do Rome and Paris lie?", "rome", "paris"), [
    ["rome", "rome"],
    ["paris", "paris"],
  ]);
});
