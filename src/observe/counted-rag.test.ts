import assert from "node:assert/strict";
import { test } from "node:test";
import type { HybridRAG } from "../hybridrag.ts";
import { ownerScope } from "../scope.ts";
import { countedRag } from "./counted-rag.ts";
import { createMetrics } from "./metrics.ts";

const usage = { input_tokens: 12, output_tokens: 3, embedding_tokens: 0, rerank_tokens: 7, cost_usd: 0.25 };
const file = (outcome: string, chunks: number) => ({
  type: "file",
  result: { path: "a.md", outcome, reason: null, document_id: "a", chunks },
});

async function* events(...list: readonly unknown[]) {
  yield* list;
}

/** Only what is counted; everything else of the library is passed through. */
const library = {
  search: async () => ({ warnings: [{ code: "typo_repaired", message: "" }], results: [] }),
  ask: () =>
    events(
      { type: "warning", warning: { code: "citations_dropped", message: "" } },
      { type: "end", evidence: "answer", abstained: false, usage, timings_ms: {} },
    ),
  ingest: () => events(file("indexed", 4), file("unchanged", 9), file("refused", 0)),
} as unknown as HybridRAG;

async function read(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count += 1;
  return count;
}

test("warnings, tokens, money and documents are counted, and every event goes on to its reader", async () => {
  const metrics = createMetrics();
  const counted = countedRag(library, metrics);
  const scope = ownerScope("default");
  await counted.search(scope, { query: "x" });
  assert.equal(await read(counted.ask(scope, { query: "x" })), 2);
  assert.equal(await read(counted.ingest(scope, [], { cwd: "." })), 3);
  const text = await metrics.registry.metrics();
  for (const line of [
    'hybridrag_warnings_total{code="typo_repaired"} 1',
    'hybridrag_warnings_total{code="citations_dropped"} 1',
    'hybridrag_tokens_total{kind="input"} 12',
    'hybridrag_tokens_total{kind="rerank"} 7',
    "hybridrag_cost_usd_total 0.25",
    'hybridrag_ingested_documents_total{outcome="refused"} 1',
    "hybridrag_ingested_chunks_total 4",
  ]) {
    assert.ok(text.includes(line), line);
  }
  assert.ok(!text.includes('kind="embedding"'));
});
