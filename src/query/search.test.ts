import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { ChunkSearch } from "../ports/chunk-store.ts";
import type { Reranker } from "../ports/reranker.ts";
import { ownerScope } from "../scope.ts";
import { defaultQuerySettings } from "./plan.ts";
import { parseQueryRequest } from "./query-request.ts";
import type { QueryPorts } from "./query-ports.ts";
import { search } from "./search.ts";
import { fakeEmbedder, fakePorts, worldOf } from "./world.test.fixture.ts";

const scope = ownerScope("t");
const world = worldOf([
  { id: "both", cosine: 0.8, bm25: 4 },
  { id: "meaning", cosine: 0.7, bm25: 0 },
  { id: "words", cosine: 0.1, bm25: 3 },
]);
/** A store that runs only the legs that were asked for. */
const legs = (request: ChunkSearch) => ({
  ...world,
  vector: request.vector === null ? null : world.vector,
  text: request.text === null ? null : world.text,
});
const ask = (ports: QueryPorts, request: object = {}, settings = {}) =>
  search(ports, scope, parseQueryRequest({ query: "storks", mode: "hybrid", ...request }), {
    ...defaultQuerySettings,
    ...settings,
  });
const ids = (response: { readonly results: readonly { readonly chunk_id: string }[] }) =>
  response.results.map((r) => r.chunk_id);

test("a result says what every leg gave it", async () => {
  const response = await ask(fakePorts(legs), { top_k: 1 });
  const [first, ...rest] = response.results;
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [first?.rank, first?.chunk_id, first?.document_id, first?.legs],
    [1, "both", "document-both", { vector: 0.8, text: 4, graph: null, rerank: null }],
  );
  assert.deepEqual([response.query, response.mode, response.warnings, response.repairs], ["storks", "hybrid", [], []]);
  assert.ok(!("plan" in response));
});

test("mode text returns only chunks that share a word", async () => {
  assert.deepEqual(ids(await ask(fakePorts(legs), { mode: "text" })), ["both", "words"]);
});

test("a search that cannot see what was written says so", async () => {
  const response = await ask(fakePorts(() => ({ ...world, behind: 2 })));
  assert.deepEqual(
    response.warnings.map(({ code }) => code),
    ["search_behind"],
  );
  assert.equal(ids(response).length, ids(await ask(fakePorts(legs))).length);
});

test("without an embedder the text leg answers and the result says so", async () => {
  const response = await ask(fakePorts(legs, { embedder: null }));
  assert.deepEqual(ids(response), ["both", "words"]);
  assert.match(response.warnings[0]?.message ?? "", /^vector leg unavailable: /);
});

test("a failing embedder is a warning beside the text leg and an error without it", async () => {
  const ports = fakePorts(legs, {
    embedder: fakeEmbedder(async () => {
      throw new HybridRAGError("rate_limited", "slow down");
    }),
  });
  assert.deepEqual((await ask(ports)).warnings, [
    { code: "vector_leg_unavailable", message: "vector leg unavailable: slow down" },
  ]);
  await assert.rejects(ask(ports, { mode: "vector" }), { code: "rate_limited" });
  await assert.rejects(ask(fakePorts(legs, { embedder: null }), { mode: "vector" }), { code: "invalid_config" });
});

test("a text leg that failed in the store is a warning", async () => {
  const broken = { ...world, text: { ...world.text!, error: new HybridRAGError("store_failed", "no text index") } };
  const response = await ask(fakePorts(() => broken));
  assert.deepEqual(response.warnings, [
    { code: "text_leg_unavailable", message: "text leg unavailable: no text index" },
  ]);
  assert.deepEqual(ids(response), ["both", "meaning", "words"]);
});

test("a repaired typo is said in the result", async () => {
  const repaired = { ...world, text: { ...world.text!, repairs: [{ from: "stroks", to: "storks" }] } };
  const response = await ask(fakePorts(() => repaired));
  assert.deepEqual(response.repairs, [{ from: "stroks", to: "storks" }]);
  assert.equal(response.warnings[0]?.message, "No passage has “stroks”; searched for “storks”.");
});

test("a search that is not done in time ends with deadline_exceeded", async () => {
  const ports = fakePorts(() => new Promise<never>(() => {}));
  await assert.rejects(ask(ports, {}, { query_timeout_ms: 1 }), { code: "deadline_exceeded" });
});

test("a caller who gives up gets the own reason back", async () => {
  const reason = new Error("gone");
  const ports = fakePorts(() => new Promise<never>(() => {}));
  const request = parseQueryRequest({ query: "storks" });
  await assert.rejects(search(ports, scope, request, defaultQuerySettings, AbortSignal.abort(reason)), reason);
});

const reranker = (rerank: Reranker["rerank"]): Reranker => ({ model: "fake", maxCandidates: 2, rerank });

test("a reranker orders what it saw, the rest follows", async () => {
  const ports = fakePorts(legs, {
    reranker: reranker(async (_, texts) => ({
      ranking: texts.map((_, i) => ({ index: i, score: i })).reverse(),
      tokens: 7,
    })),
  });
  const response = await ask(ports);
  assert.deepEqual(
    response.results.map((r) => [r.chunk_id, r.legs.rerank]),
    [
      ["meaning", 1],
      ["both", 0],
      ["words", null],
    ],
  );
});

test("a failed reranker keeps the fused order and warns", async () => {
  const ports = fakePorts(legs, { reranker: reranker(async () => Promise.reject(new Error("boom"))) });
  const response = await ask(ports);
  assert.deepEqual(ids(response), ["both", "meaning", "words"]);
  assert.equal(response.warnings[0]?.code, "rerank_unavailable");
});

test("explaining adds the plan and shares that sum to the score", async () => {
  const response = await ask(fakePorts(legs), { explain: true });
  assert.equal(response.plan?.legs.vector?.candidates, 50);
  for (const { score, explain } of response.results) {
    assert.ok(Math.abs(score - (explain!.vector.share + explain!.text.share + explain!.support)) < 1e-12);
  }
});

test("calibration learns after the answer and weighs the next one", async () => {
  const ports = fakePorts(() => ({ ...world, candidates: world.candidates.map((c) => ({ ...c, textRank: null })) }));
  const weight = async () => (await ask(ports, { explain: true }, { calibrate: true })).plan?.legs.text?.weight;
  assert.equal(await weight(), 0.4);
  await ports.settle();
  assert.equal(await weight(), 0.4 * Math.exp(-3 / 11));
  assert.equal((await ask(ports, { explain: true })).plan?.legs.text?.weight, 0.4);
});

test("bypass searches nothing", async () => {
  const response = await ask(
    fakePorts(() => assert.fail("searched")),
    { mode: "bypass" },
  );
  assert.deepEqual([response.results, response.warnings], [[], []]);
});

test("local without a graph says that others answered", async () => {
  assert.equal((await ask(fakePorts(legs), { mode: "local" })).warnings[0]?.code, "graph_leg_unavailable");
});

test("a graph stage may reorder, and its failure keeps the order", async () => {
  const turned = fakePorts(legs, { graph: async ({ hits }) => ({ hits: hits.toReversed(), warnings: [] }) });
  assert.deepEqual(ids(await ask(turned, { mode: "mix" })), ["words", "meaning", "both"]);
  const broken = await ask(fakePorts(legs, { graph: async () => Promise.reject(new Error("cut")) }), { mode: "mix" });
  assert.deepEqual([ids(broken)[0], broken.warnings[0]?.message], ["both", "graph leg unavailable: cut"]);
});
