import assert from "node:assert/strict";
import { test } from "node:test";
import { inSteps } from "./multihop.ts";

const document = (document_id: string, text: string) => ({ document_id, title: "", text, metadata: {} });
const steps = [
  { question: "Who founded Crow Sons?", answer: "Bob Dane" },
  { question: "Where was #1 born?", answer: "Delft" },
  { question: "Delft >> river", answer: "Schie" },
  { question: "What has #2?", answer: "canals" },
];

test("each step asks with the answers before it, and is judged where one passage alone holds its answer", () => {
  const query = {
    id: "q",
    text: "?",
    filter: null,
    judgements: new Map([
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ]),
    answers: [],
    metadata: { decomposition: steps },
  };
  const documents = [
    document("a", "Crow Sons was founded by Bob Dane."),
    document("b", "He was born in Delft, which has canals."),
    document("c", "The Schie has canals."),
  ];
  const { queries } = inSteps({ name: "world", documents, queries: [query], filterQueries: [] });
  assert.deepEqual(
    queries.map(({ id, text, judgements }) => [id, text, ...judgements.keys()]),
    [
      ["q 0", "Who founded Crow Sons?", "a"],
      ["q 1", "Where was Bob Dane born?", "b"],
    ],
  );
});
