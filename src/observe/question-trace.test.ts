import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../config/config.ts";
import { openHybridRAG } from "../open.ts";
import { ownerScope } from "../scope.ts";
import { Secret } from "../secret.ts";
import { startService } from "../server/serve.ts";
import {
  anthropicStandin,
  langfuseStandin,
  otlpStandin,
  voyageStandin,
  type ReceivedSpan,
} from "../testing/standins/index.ts";
import { createLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { providerMetrics } from "./provider-metrics.ts";
import { startTelemetry } from "./telemetry.ts";

const question = "How many burrows did the puffin colony count in 2024?";
const documents = {
  "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows in 2024. Puffins eat sand eels and sprats.",
  "tides.md": "# Tides\n\nThe tide gauge was repaired in March 2023 after the storm named Brona.",
};

/** The service with paid models, a collector and Langfuse, all of them stand-ins; one question over HTTP. */
async function askedOnce(t: TestContext) {
  const [voyage, anthropic, langfuse, otlp] = await Promise.all([
    voyageStandin(),
    anthropicStandin(),
    langfuseStandin(),
    otlpStandin(),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-trace-"));
  const environment = { ...voyage.environment, ...anthropic.environment };
  const flags = { data_dir: folder, port: 0, drain_delay_ms: 0, health_probe_seconds: 0.1 };
  const { config } = loadConfig({ environment, directory: folder, flags });
  const logged: Record<string, unknown>[] = [];
  const log = createLog({
    level: "info",
    destination: { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const metrics = createMetrics();
  const telemetry = await startTelemetry(
    {
      serviceName: "test",
      otlpEndpoint: otlp.url,
      langfuse: {
        publicKey: langfuse.environment["LANGFUSE_PUBLIC_KEY"]!,
        secretKey: new Secret(langfuse.key),
        baseUrl: langfuse.url,
        environment: "test",
        release: undefined,
      },
    },
    log,
  );
  const rag = await openHybridRAG(config, { access: "write", watch: providerMetrics(metrics) });
  const service = await startService({
    rag,
    config,
    dev: true,
    pepper: null,
    log,
    version: "0.0.0",
    fetch: globalThis.fetch,
    now: Date.now,
    metrics,
    scores: telemetry.scores,
  });
  t.after(async () => {
    await Promise.all([voyage, anthropic, langfuse, otlp].map((one) => one.close()));
    await rm(folder, { recursive: true });
  });
  const given = Object.entries(documents).map(([source, text]) => ({ source, text }));
  for await (const _ of rag.ingest(ownerScope("default"), given, { cwd: "/" }));
  const post = (path: string, sent: object, headers: Record<string, string> = {}) =>
    fetch(`${service.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(sent),
    });
  await post("/v1/agents/warden/memories", { content: "The reader keeps the ledger of Kvitholm." });
  const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const asked = { query: question, session_id: "s1", agent_id: "warden" };
  const answer = await post("/v1/query", asked, { traceparent: parent });
  const body = (await answer.json()) as { usage: { cost_usd: number; input_tokens: number }; evidence: string };
  const shown = await (await fetch(`${service.url}/metrics`)).text();
  await service.stop();
  await rag.close();
  await telemetry.close();
  return { answer, body, shown, langfuse, otlp, anthropic, logged };
}

test("one question makes one trace, from the request to what each model cost, and Langfuse can file and add it up", async (t) => {
  const { answer, body, shown, langfuse, otlp, anthropic, logged } = await askedOnce(t);
  assert.equal(answer.status, 200);
  const trace = answer.headers.get("x-trace-id")!;
  assert.equal(trace, "a".repeat(32), "the caller's trace goes on");
  const named = (spans: readonly ReceivedSpan[], start: string): ReceivedSpan =>
    spans.find((one) => one.traceId === trace && one.name.startsWith(start)) ??
    assert.fail(`no span ${start} among ${spans.map(({ name }) => name).join(", ")}`);

  const completed = logged.find(({ event }) => event === "search_completed")!;
  assert.equal(completed["trace_id"], trace, "the log names the trace");
  const all = otlp.spans();
  const request = named(all, "POST /v1/query");
  assert.equal(request.parentSpanId, "b".repeat(16));
  assert.equal(request.attributes["http.response.status_code"], 200);
  const root = named(all, "hybridrag.ask");
  assert.equal(root.parentSpanId, request.spanId);
  assert.equal(named(all, "hybridrag.recall").parentSpanId, request.spanId);
  const inside = all.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  for (const name of ["embeddings voyage-4", "store.search", "store.hop", "rerank rerank-2.5", "chat claude"]) {
    const child = named(inside, name);
    assert.ok(child.startMs >= root.startMs && child.endMs <= root.endMs + 1, name);
  }

  const kept = langfuse.spans();
  const types = ["hybridrag.ask", "embeddings", "store.search", "rerank", "chat"].map((name) => {
    const { attributes } = named(kept, name);
    assert.deepEqual([attributes["user.id"], attributes["session.id"]], ["development", "s1"], name);
    return attributes["langfuse.observation.type"];
  });
  assert.deepEqual(types, ["agent", "embedding", "retriever", "retriever", "generation"]);
  const { attributes: generation } = named(kept, "chat");
  assert.match(String(generation["langfuse.observation.model.name"]), /^claude-/);
  const usage = JSON.parse(String(generation["langfuse.observation.usage_details"]));
  assert.equal(
    usage.input + usage.cache_read_input_tokens + usage.cache_creation_input_tokens,
    body.usage.input_tokens,
  );
  // The answer does not charge for what was recalled before it.
  const recall = named(kept, "hybridrag.recall");
  const costs = kept
    .filter(({ traceId, parentSpanId }) => traceId === trace && parentSpanId !== recall.spanId)
    .map(({ attributes }) => attributes["langfuse.observation.cost_details"])
    .filter((one) => one !== undefined)
    .map((one) => JSON.parse(String(one)).total as number);
  const total = costs.reduce((sum, one) => sum + one, 0);
  assert.ok(total > 0 && Math.abs(total - body.usage.cost_usd) < 1e-9, `${total} of ${body.usage.cost_usd}`);

  assert.deepEqual(
    langfuse.scores().map(({ traceId, name, value }) => [traceId, name, value]),
    [
      [trace, "evidence", body.evidence],
      [trace, "citations", 1],
      [trace, "citations_held", 1],
    ],
  );
  assert.match(
    JSON.stringify(anthropic.journal),
    /ledger of Kvitholm/,
    "what the agent remembers is given to the model",
  );
  const texts = JSON.stringify([otlp.journal, langfuse.journal, logged]);
  assert.ok(!texts.includes("puffin") && !texts.includes("Kvitholm"), "no text leaves without being asked for");
  for (const line of [
    'hybridrag_provider_calls_total{provider="anthropic",operation="generate",outcome="success"} ',
    'hybridrag_provider_calls_total{provider="voyage",operation="rerank",outcome="success"} 1',
    'hybridrag_provider_latency_seconds_bucket{le="0.01",provider="voyage",operation="embed"} ',
    'hybridrag_provider_circuit_open{provider="voyage"} 0',
    'hybridrag_cache_lookups_total{cache="rankings",result="miss"} 1',
    'hybridrag_jobs{state="queued"} 0',
  ])
    assert.ok(shown.includes(line), line);
});
