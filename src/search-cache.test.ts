import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadConfig } from "./config/config.ts";
import type { HybridRAG } from "./hybridrag.ts";
import { openHybridRAG } from "./open.ts";
import { ownerScope, type Scope } from "./scope.ts";
import { voyageStandin } from "./testing/standins/index.ts";

const scope = ownerScope("t");
const ducks = { source: "ducks.md", bytes: Buffer.from("Ducks eat duckweed and snails.") };
const herons = { source: "herons.md", bytes: Buffer.from("Herons eat fish, ducks and frogs.") };

async function opened(t: TestContext) {
  const standin = await voyageStandin();
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-searches-"));
  const settings = { ...standin.environment, HYBRIDRAG_DATA_DIR: folder, HYBRIDRAG_SEARCH_CACHE_SECONDS: "300" };
  const { config } = loadConfig({ environment: settings, directory: folder });
  const lookups: string[] = [];
  const watch = {
    attempt: () => undefined,
    circuit: () => undefined,
    lookup: (cache: string, hits: number) => {
      if (cache === "searches") lookups.push(hits > 0 ? "hit" : "miss");
    },
  };
  const rag = await openHybridRAG(config, { access: "write", watch });
  t.after(async () => {
    await Promise.all([rag.close(), standin.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  return { rag, standin, lookups };
}

async function put(rag: HybridRAG, of: Scope, ...sources: Parameters<HybridRAG["ingest"]>[1]): Promise<void> {
  for await (const _event of rag.ingest(of, sources, { cwd: "/" }));
}

test("the same search is made once, within a millisecond the second time, and anew when anything has changed", async (t) => {
  const { rag, standin, lookups } = await opened(t);
  await put(rag, scope, ducks);
  const search = () => rag.search(scope, { query: "what eats ducks" });
  const { timings_ms: _made, ...first } = await search();
  const calls = standin.journal.length;
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const { timings_ms, ...rest } = await search();
    assert.deepEqual(rest, first);
    times.push(timings_ms.total);
  }
  const median = times.toSorted((a, b) => a - b)[25]!;
  t.diagnostic(`a known search: ${median.toFixed(3)} ms`);
  assert.ok(median < 1, `${median} ms`);
  assert.equal(standin.journal.length, calls);
  assert.deepEqual(new Set(lookups.slice(1)), new Set(["hit"]));

  await put(rag, scope, herons);
  assert.equal((await search()).results.length, 2);
  const { results } = await search();
  const heron = results.find(({ source }) => source.includes("herons"))!;
  await rag.store.documents.delete(scope, heron.document_id);
  assert.deepEqual(
    (await search()).results.map(({ source }) => source),
    first.results.map(({ source }) => source),
  );
});

test("nobody is told what another may read, asked for or set", async (t) => {
  const { rag, lookups } = await opened(t);
  await put(rag, scope, { ...ducks, metadata: { access: ["anna"] } }, herons);
  const anna: Scope = { ...scope, principals: ["anna"] };
  const ben: Scope = { ...scope, principals: ["ben"] };
  const found = async (of: Scope, request: object = {}, settings = {}): Promise<number> =>
    (await rag.search(of, { query: "ducks", ...request }, { settings })).results.length;
  assert.deepEqual([await found(anna), await found(ben), await found(ownerScope("u"))], [2, 1, 0]);
  assert.deepEqual([await found(anna, { top_k: 1 }), await found(anna, { mode: "text" })], [1, 2]);
  assert.equal(await found(anna, { filters: { document_id: "none" } }), 0);
  await found(anna, {}, { rerank_top_k: 1 });
  assert.deepEqual(new Set(lookups), new Set(["miss"]));
  assert.equal(await found(anna), 2);
  assert.equal(lookups.at(-1), "hit");
});

test("the same search wanted by many at once is made once, and none is remembered while a leg is down", async (t) => {
  const { rag, standin } = await opened(t);
  await put(rag, scope, ducks);
  const before = standin.journal.length;
  await Promise.all(Array.from({ length: 5 }, () => rag.search(scope, { query: "snails" })));
  const perSearch = standin.journal.length - before;
  assert.ok(perSearch <= 2, `${perSearch} calls`);
  standin.faults.add({ kind: "status", status: 400, path: "rerank" });
  const { warnings } = await rag.search(scope, { query: "weed" });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ["rerank_unavailable"],
  );
  assert.deepEqual((await rag.search(scope, { query: "weed" })).warnings, []);
});
