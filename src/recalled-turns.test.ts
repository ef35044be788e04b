import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./config/config.ts";
import { createHybridRAG } from "./hybridrag.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import type { GenerateRequest, LanguageModel } from "./ports/language-model.ts";
import { collectAnswer } from "./query/answer/collect-answer.ts";
import { bundledConstants } from "./query/answer/constants.ts";
import { ownerScope } from "./scope.ts";
import { openMemoryStore, quotingModel, wordEmbedder } from "./testing/index.ts";
import { englishAnalyzer } from "./text/analyze.ts";

const scope = ownerScope("acme");

async function openWith(writer: LanguageModel | null) {
  const [store, embedder] = [openMemoryStore(), wordEmbedder()];
  await store.prepare({ embedder: embedder.fingerprint, dimensions: embedder.dimensions, chunker: "test" });
  const { config } = loadConfig({ environment: {}, directory: "/nowhere" });
  return createHybridRAG({
    store,
    embedder,
    reranker: null,
    writer: writer && { model: writer, rewriter: null, costOf: () => 0 },
    extractor: null,
    pool: loadPool({ workers: 1 }),
    chunker: {},
    analyzer: englishAnalyzer(),
    constants: bundledConstants,
    query: config,
    sessions: { ttlMs: 1e9, historyTokens: 40, summaryTokens: 10 },
    notices: [],
    now: () => performance.now(),
  });
}

async function talked(writer: LanguageModel | null) {
  const rag = await openWith(writer);
  const text = "Lockers are in the basement. Each locker has a number on its door, from 1 to 120.";
  const events = rag.ingest(scope, [{ source: "lockers.md", text }], { cwd: "." });
  for await (const event of events) if (event.type === "file") assert.equal(event.result.outcome, "indexed");
  await rag.sessions.open(scope, { sessionId: "s", ttlMs: 1e9 });
  const chatter = Array.from({ length: 40 }, (_, at) => `Small talk about the weather, number ${at} of many.`);
  const messages = ["My own locker has the number 88.", ...chatter].map(
    (content) => ({ role: "user", content }) as const,
  );
  await rag.sessions.append(scope, "s", messages);
  const ask = (request: object) => collectAnswer(rag.ask(scope, { query: "Which number has my locker?", ...request }));
  return { rag, ask };
}

test("a writing model is shown what was said long ago and bears on the question, and only in its conversation", async () => {
  const asked: GenerateRequest[] = [];
  const model = quotingModel();
  const writer: LanguageModel = {
    ...model,
    stream: (request) => {
      asked.push(request);
      return model.stream(request);
    },
  };
  const { rag, ask } = await talked(writer);
  await ask({ session_id: "s" });
  assert.match(
    asked[0]!.messages.at(-1)!.content,
    /Said earlier in this conversation:\n.*My own locker has the number 88\./,
  );
  await ask({});
  assert.doesNotMatch(asked[1]!.messages.at(-1)!.content, /88|Notes/);
  await rag.close();
});

test("an answer that is taken from documents is the same whether the conversation was long or not", async () => {
  const { rag, ask } = await talked(null);
  const [alone, within] = [await ask({}), await ask({ session_id: "s" })];
  assert.equal(within.answer, alone.answer);
  await rag.close();
});
