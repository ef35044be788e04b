import assert from "node:assert/strict";
import type { Reranker } from "../../ports/reranker.ts";
import { rejectsWith } from "./expect.ts";
import { honoursSignal, registerModelContract, type ModelCase, type ModelContract } from "./model-contract.ts";

const question = "What do ducks eat?";
const texts = [
  "The invoice for the printer is due in March.",
  "Ducks eat pond weed and small snails.",
  "Parliament met on Tuesday.",
  "A bicycle has two wheels.",
];

/** Every promise of the reranker port. */
export const rerankerCases: readonly ModelCase<Reranker>[] = [
  {
    name: "says what it is and how many candidates it takes",
    async run({ model, maxCandidates }) {
      assert.ok(model.length > 0);
      assert.ok(Number.isInteger(maxCandidates) && maxCandidates >= 1);
    },
  },
  {
    name: "ranks each text once, best first, by its place in the list",
    async run(reranker) {
      const { ranking, tokens } = await reranker.rerank(question, texts, { limit: texts.length });
      assert.deepEqual(
        ranking.map(({ index }) => index).toSorted((a, b) => a - b),
        texts.map((_, index) => index),
      );
      assert.equal(ranking[0]?.index, 1);
      const scores = ranking.map(({ score }) => score);
      assert.ok(scores.every(Number.isFinite));
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      );
      assert.ok(tokens >= 0 && Number.isFinite(tokens));
    },
  },
  {
    name: "ranks by what the texts say, not by where they stand",
    async run(reranker) {
      const reversed = await reranker.rerank(question, texts.toReversed(), { limit: texts.length });
      assert.equal(reversed.ranking[0]?.index, texts.length - 2);
    },
  },
  {
    name: "gives at most as many as asked for, and all when there are fewer",
    async run(reranker) {
      const some = await reranker.rerank(question, texts, { limit: 2 });
      assert.deepEqual([some.ranking.length, some.ranking[0]?.index], [2, 1]);
      assert.equal((await reranker.rerank(question, texts, { limit: 99 })).ranking.length, texts.length);
    },
  },
  {
    name: "ranks nothing when there is nothing",
    async run(reranker) {
      assert.deepEqual((await reranker.rerank(question, [], { limit: 5 })).ranking, []);
    },
  },
  {
    name: "refuses a blank question as invalid input",
    async run(reranker) {
      await rejectsWith(reranker.rerank("  ", texts, { limit: 2 }), "invalid_input");
    },
  },
  {
    name: "takes an instruction",
    async run(reranker) {
      const request = { limit: 1, instruction: "Prefer passages about food." };
      assert.equal((await reranker.rerank(question, texts, request)).ranking[0]?.index, 1);
    },
  },
  {
    name: "honours the signal before and in the middle of a call, and works afterwards",
    async run(reranker) {
      await honoursSignal((signal) => reranker.rerank(question, texts, { limit: 2, signal }));
      assert.equal((await reranker.rerank(question, texts, { limit: 2 })).ranking.length, 2);
    },
  },
];

/** Registers a test for each promise of the reranker port. */
export const rerankerContract = (contract: ModelContract<Reranker>): void =>
  registerModelContract("reranker", contract, rerankerCases);
