import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "./config/config.ts";
import { openHybridRAG } from "./open.ts";
import { ownerScope } from "./scope.ts";
import { voyageStandin } from "./testing/standins/index.ts";

/** `HYBRIDRAG_RATE_CHUNKS=10000` measures against the clock how much of the allowance is used; it takes 80 s. */
const measured = Number(process.env["HYBRIDRAG_RATE_CHUNKS"] ?? 0);
const tokensPerMinute = 1_000_000;
const words = "pond heron duck measure weed survey north river basin flow water level sample reed otter season".split(
  " ",
);
const word = (number: number): string => words[number % words.length]!;

/** A document that is cut into sixteen chunks of some 125 tokens. */
function survey(number: number) {
  const sentence = (part: number, at: number): string =>
    `In ${1900 + ((number + at) % 120)} the ${word(number + at)} of ${word(number * 7 + part + at)} ${number}-${part} ` +
    `was ${word(at * 3 + part)} ${(number * at) % 977} and the ${word(part + at * 5)} rose.`;
  const parts = Array.from({ length: 4 }, (_none, part) => {
    const sentences = Array.from({ length: 24 }, (_sentence, at) => sentence(part, at));
    return `## Part ${part}\n\n${sentences.join(" ")}`;
  });
  return { source: `survey-${number}.md`, name: `survey-${number}.md`, bytes: Buffer.from(parts.join("\n\n")) };
}

test("an ingest of small documents fills the calls of a paid embedder and is never told to slow down", async (t) => {
  const limits = { requestsPerMinute: 2000, tokensPerMinute };
  let lastCallAt = 0;
  const latencyMs = (): number => {
    lastCallAt = performance.now();
    return 40;
  };
  const standin = await voyageStandin({ latencyMs, limits });
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-rate-"));
  const settings = {
    HYBRIDRAG_LANGUAGE_MODEL: "none",
    HYBRIDRAG_DATA_DIR: folder,
    HYBRIDRAG_RATE_LIMITS: JSON.stringify({ "voyage/voyage-4-large": { tokensPerMinute } }),
  };
  const { config } = loadConfig({ environment: { ...standin.environment, ...settings }, directory: folder });
  const rag = await openHybridRAG(config, { access: "write" });
  t.after(async () => {
    await Promise.all([rag.close(), standin.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  const documents = Array.from({ length: measured > 0 ? Math.ceil(measured / 16) : 40 }, (_none, at) => survey(at));
  const started = performance.now();
  for await (const event of rag.ingest(ownerScope("t"), documents, { cwd: "/" }))
    if (event.type === "file") assert.equal(event.result.outcome, "indexed");
  // What is stored after the last call says nothing about the calls.
  const minutes = (lastCallAt - started) / 60_000;

  assert.ok(standin.journal.every(({ status }) => status === 200));
  const tokens = standin.journal.reduce((sum, call) => sum + call.tokens, 0);
  const [calls, share] = [standin.journal.length, tokens / (tokensPerMinute * minutes)];
  t.diagnostic(
    `${calls} calls of ${Math.round(tokens / calls)} tokens; ${(100 * share).toFixed(0)} % of the allowance`,
  );
  // The first leave at once, with what there is.
  assert.ok(calls <= 4 + Math.ceil(tokens / 60_000), `${calls} calls for ${tokens} tokens`);
  if (measured > 0) assert.ok(share >= 0.9, `${share}`);
});
