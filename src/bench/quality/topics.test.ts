import assert from "node:assert/strict";
import { test } from "node:test";
import type { Collection } from "./collections.ts";
import type { Indexed } from "./indexed.ts";
import { notAsked, smallTopics, topicsOf } from "./topics.ts";

const indexed = {} as Indexed;
const collection = (name: string, questions: number, judged: number): readonly [Collection, Indexed] => {
  const queries = Array.from({ length: questions }, (_, index) => ({
    id: `${name}${index}`,
    text: `${name}?`,
    filter: { op: "eq", field: "metadata.scope", value: name } as const,
    judgements: new Map(index < judged ? [["document", 1]] : []),
    answers: [],
    metadata: {},
  }));
  const dataset = { name, documents: [], queries, filterQueries: [] };
  return [{ name, measures: [], quick: true, folder: "", spanQuestions: [], dataset }, indexed];
};

test("own questions keep their filter, those of others lose it, and unanswerable ones are left out", () => {
  const [birds, ships] = topicsOf([collection("birds", 5, 3), collection("ships", 4, 0)], "hybrid", {
    own: 60,
    foreign: 24,
  });
  assert.deepEqual(
    birds!.own.map(({ id }) => id),
    ["birds0", "birds1", "birds2"],
  );
  assert.ok(birds!.own.every(({ filter }) => filter !== null));
  assert.deepEqual([birds!.foreign.length, ships!.foreign.length], [4, 3]);
  assert.ok([...birds!.foreign, ...ships!.foreign].every(({ filter }) => filter === null));
});

test("questions are spread over the collection, and no more than asked for", () => {
  const [birds] = topicsOf([collection("birds", 10, 0), collection("ships", 9, 0)], "hybrid", { own: 5, foreign: 3 });
  assert.deepEqual(
    birds!.own.map(({ id }) => id),
    ["birds0", "birds2", "birds4", "birds6", "birds8"],
  );
  assert.deepEqual(
    birds!.foreign.map(({ id }) => id),
    ["ships0", "ships3", "ships6"],
  );
});

test("some of the collections are not enough for foreign questions, and those that are missing are named", () => {
  assert.deepEqual(notAsked(["cranfield", "cacm", "musique-train100", "chunking-spans"]), ["locomo", "stackfaq"]);
  assert.deepEqual(
    notAsked(["cranfield", "cacm", "musique-train100", "chunking-spans", "locomo", "stackfaq", "beam-100k"]),
    [],
  );
});

test("small collections hold documents that answer the questions asked of them, and no more than their size", () => {
  const [birds] = topicsOf([collection("birds", 40, 40), collection("ships", 40, 40)], "hybrid", {
    own: 40,
    foreign: 9,
  });
  const ids = ["document", ...Array.from({ length: 99 }, (_, index) => `page${index}`)];
  const small = smallTopics(birds!, ids);
  assert.ok(small.length >= 4);
  for (const { own, foreign } of small) {
    assert.ok(own.length > 0 && foreign.length > 0);
    for (const { filter } of [...own, ...foreign]) {
      const filters = filter?.op === "and" ? filter.filters : [filter!];
      const among = filters.find((one) => one.op === "in")!;
      assert.ok(among.op === "in" && among.values.includes("document") && among.values.length <= 80);
    }
  }
});
