import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultQuerySettings, planQuery, type Abilities, type QuerySettings } from "./plan.ts";
import { modes, parseQueryRequest } from "./query-request.ts";

const plan = (request: object = {}, settings: Partial<QuerySettings> = {}, abilities: Partial<Abilities> = {}) =>
  planQuery(
    parseQueryRequest({ query: "q", ...request }),
    { ...defaultQuerySettings, ...settings },
    { exactScores: true, reranker: false, graph: false, ...abilities },
  );

test("each mode runs its legs and no others", () => {
  const legs = modes.map((mode) => {
    const { vector, text, graph } = plan({ mode }, {}, { graph: true }).legs;
    return [mode, vector !== null, text !== null, graph?.kind ?? null];
  });
  assert.deepEqual(legs, [
    ["vector", true, false, null],
    ["text", false, true, null],
    ["hybrid", true, true, null],
    ["local", true, true, "local"],
    ["global", true, true, "global"],
    ["mix", true, true, "hops"],
    ["bypass", false, false, null],
  ]);
});

test("a leg is 50 deep with exact scores, 100 without, and never shorter than what is asked for", () => {
  assert.equal(plan().legs.vector?.candidates, 50);
  assert.equal(plan({}, {}, { exactScores: false }).legs.text?.candidates, 100);
  assert.equal(plan({ top_k: 90 }).legs.text?.candidates, 90);
  assert.equal(plan({}, { rerank_top_k: 80 }, { reranker: true }).legs.vector?.candidates, 80);
});

test("a plan prints as JSON and comes back the same", () => {
  const made = plan({ filters: { "metadata.x": { $gte: 3 } } }, { mmr_lambda: 0.7 }, { reranker: true, graph: true });
  assert.deepEqual(JSON.parse(JSON.stringify(made)), made);
  assert.deepEqual([made.rerank, made.mmr, made.top_k, made.deadline_ms], [{ limit: 50 }, { lambda: 0.7 }, 10, 30_000]);
});

test("what is asked for wins over the settings", () => {
  const made = plan({ mode: "text", top_k: 3 }, { mode: "vector", top_k: 7 });
  assert.deepEqual([made.mode, made.top_k], ["text", 3]);
});

test("only z-score fusion of two legs is calibrated", () => {
  const calibrated = (mode: string, fusion: "z" | "rrf") =>
    plan({ mode }, { fusion, calibrate: true }).fusion.calibrate;
  assert.deepEqual(
    [calibrated("hybrid", "z"), calibrated("hybrid", "rrf"), calibrated("text", "z")],
    [true, false, false],
  );
});
