import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dataset } from "./dataset.ts";
import { evaluate, type SearchDocuments } from "./evaluate.ts";

const filter = { op: "eq", field: "metadata.kind", value: "bird" } as const;
const dataset: Dataset = {
  name: "tiny",
  documents: ["a", "b", "c"].map((id) => ({ document_id: id, title: "", text: id, metadata: {} })),
  queries: [
    { id: "q1", text: "one", filter: null, judgements: new Map([["a", 1]]), answers: [], metadata: {} },
    { id: "q2", text: "two", filter, judgements: new Map([["b", 1]]), answers: [], metadata: {} },
    { id: "q3", text: "unjudged", filter: null, judgements: new Map([["b", 0]]), answers: [], metadata: {} },
  ],
  filterQueries: [{ id: "f1", text: "birds", filter, expected: new Set(["a", "b"]) }],
};
const run = (search: SearchDocuments) => evaluate(dataset, { search, modes: ["hybrid"], now: () => 0 });

test("means are over the queries that have a relevant document", async () => {
  const asked: string[] = [];
  const { modes } = await run(async ({ query, limit }) => {
    asked.push(query);
    return ["a", "b"].slice(0, limit);
  });
  assert.deepEqual(asked, ["one", "two", "birds", "birds"]);
  assert.deepEqual([modes.hybrid?.queries, modes.hybrid?.["mrr@10"], modes.hybrid?.["recall@5"]], [2, 0.75, 1]);
});

test("a query's own filter is searched with", async () => {
  await run(async ({ query, filter: given }) => {
    assert.deepEqual(given, query === "one" ? null : filter);
    return [];
  });
});

test("a filter is exact when all expected ids and no other come back", async () => {
  const filters = async (ids: readonly string[]) =>
    (await run(async ({ limit }) => ids.slice(0, limit))).modes.hybrid?.filters;
  assert.deepEqual(await filters(["b", "a"]), { total: 1, exact: 1, violations: 0 });
  assert.deepEqual(await filters(["a"]), { total: 1, exact: 0, violations: 0 });
  assert.deepEqual(await filters(["a", "b", "c"]), { total: 1, exact: 0, violations: 2 });
});

test("a set without judgements has no measures", async () => {
  const bare = { ...dataset, queries: [] };
  const { modes } = await evaluate(bare, { search: async () => [], modes: ["text"], now: () => 0 });
  assert.deepEqual([modes.text?.queries, modes.text?.["ndcg@10"], modes.text?.filters?.total], [0, null, 1]);
});
