import assert from "node:assert/strict";
import { test } from "node:test";
import { datasetGaps } from "./dataset-gaps.ts";
import type { Dataset } from "./dataset.ts";

const dataset = (
  judgements: readonly (readonly (readonly [string, number])[])[],
  filters: Dataset["filterQueries"] = [],
): Dataset => ({
  name: "birds",
  documents: [{ document_id: "stork", title: "", text: "Storks nest.", metadata: {} }],
  queries: judgements.map((grades, index) => ({
    id: String(index),
    text: "storks",
    filter: null,
    judgements: new Map(grades),
    answers: [],
    metadata: {},
  })),
  filterQueries: filters,
});
const filter = {
  id: "f",
  text: "storks",
  filter: { op: "eq", field: "metadata.x", value: 1 },
  expected: new Set(["stork"]),
} as const;

test("a collection without queries or without judgements measures nothing, and says which file is missing", () => {
  assert.match(datasetGaps(dataset([])).nothing ?? "", /no queries\.jsonl/);
  assert.match(datasetGaps(dataset([[]])).nothing ?? "", /no qrels\.tsv/);
});

test("filters alone are enough, and that only they are measured is said", () => {
  assert.deepEqual(datasetGaps(dataset([], [filter])), { nothing: null, notes: [] });
  assert.match(datasetGaps(dataset([[]], [filter])).notes.join(), /only the filters are measured/);
});

test("queries that are left out and documents that are not there are counted", () => {
  assert.deepEqual(datasetGaps(dataset([[["stork", 1]]])), { nothing: null, notes: [] });
  const { notes } = datasetGaps(dataset([[["stork", 1]], [], [["stork", 0]], [["heron", 2]]]));
  assert.match(notes[0] ?? "", /^2 of 4 queries have a relevant document/);
  assert.match(notes[1] ?? "", /^1 relevant documents are not in the corpus \(such as "heron"\)/);
});
