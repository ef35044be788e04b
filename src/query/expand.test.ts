import assert from "node:assert/strict";
import { test } from "node:test";
import type { LanguageModel } from "../ports/language-model.ts";
import { ownerScope } from "../scope.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { expandQuery } from "./expand.ts";
import { findExpanded } from "./find-expanded.ts";
import { defaultQuerySettings } from "./plan.ts";
import { parseQueryRequest } from "./query-request.ts";
import { fakePorts, worldOf } from "./world.test.fixture.ts";

const usage = { inputTokens: 7, outputTokens: 3, cacheReadTokens: 0, cacheWriteTokens: 0 };
const writing = (searches: unknown): LanguageModel => ({
  ...quotingModel(),
  generateObject: async () => {
    if (searches instanceof Error) throw searches;
    return { value: { searches }, usage };
  },
});

test("keeps at most four searches and none that only repeats", async () => {
  const model = writing(["Where do storks nest?", "stork nests", "STORK nests!", " ", "b", "c", "d", "e"]);
  const { queries } = await expandQuery(model, "where do storks nest", "multi-query");
  assert.deepEqual(queries, ["STORK nests!", "b", "c", "d"]);
});

/** Each word of a query finds the passage of that name. */
const world = () =>
  fakePorts((request) => {
    const words = (request.text?.query ?? "stork").toLowerCase().split(/\W+/);
    return worldOf(
      ["stork", "crane", "heron"].map((id) => ({
        id,
        cosine: words.includes(id) ? 0.9 : 0.1,
        bm25: words.includes(id) ? 2 : 0,
      })),
    );
  });

const find = (
  model: LanguageModel | null,
  changes: Partial<ReturnType<typeof world>> = {},
  expansion: "multi-query" | "hyde" = "multi-query",
) =>
  findExpanded(
    { ...world(), ...changes },
    ownerScope("t"),
    parseQueryRequest({ query: "stork" }),
    defaultQuerySettings,
    { model, expansion },
  );

test("passages of all searches are joined, those that several found first", async () => {
  const found = await find(writing(["stork crane", "crane"]));
  assert.deepEqual(
    found.hits
      .slice(0, 2)
      .map(({ candidate }) => candidate.chunk.chunk_id)
      .sort(),
    ["crane", "stork"],
  );
  assert.deepEqual([found.searches, found.expansionUsage.inputTokens], [["stork crane", "crane"], 7]);
});

test("without a model or expansion the search is the plain one", async () => {
  const plain = await find(null);
  assert.deepEqual([plain.searches, plain.warnings, plain.hits[0]?.candidate.chunk.chunk_id], [[], [], "stork"]);
});

test("a model that fails or writes something else is a warning, and the question's own search stands", async () => {
  for (const wrong of [new Error("down"), "no list"]) {
    const found = await find(writing(wrong));
    assert.ok(found.warnings.some(({ code }) => code === "expansion_unavailable"));
    assert.equal(found.hits[0]?.candidate.chunk.chunk_id, "stork");
  }
});

test("an imagined passage is searched for by its vector alone", async () => {
  const asked: (string | null)[] = [];
  const ports = fakePorts((request) => {
    asked.push(request.text?.query ?? null);
    return worldOf([{ id: "stork", cosine: 0.5, bm25: 1 }]);
  });
  await find(writing(["Storks nest on roofs."]), ports, "hyde");
  assert.deepEqual(asked, ["stork", null]);
});
