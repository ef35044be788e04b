import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { setTimeout as timer } from "node:timers/promises";
import { loadConfig } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import { ingest } from "./ingest/ingest.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import { openModels, type OpenedModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { Answer } from "./query/answer/answer-event.ts";
import { collectAnswer } from "./query/answer/collect-answer.ts";
import { bundledConstants } from "./query/answer/constants.ts";
import { extractAnswer } from "./query/answer/extract-answer.ts";
import { modelAnswer } from "./query/model-answer/model-answer.ts";
import { defaultQuerySettings } from "./query/plan.ts";
import { parseQueryRequest } from "./query/query-request.ts";
import { ownerScope } from "./scope.ts";
import {
  anthropicStandin,
  geminiStandin,
  openaiStandin,
  type Standin,
  voyageStandin,
} from "./testing/standins/index.ts";
import type { Fault } from "./testing/standins/fault.ts";
import { wordEmbedder } from "./testing/fake-models.ts";
import { openMemoryStore } from "./testing/memory-store.ts";
import { englishAnalyzer } from "./text/analyze.ts";
import type { Clock } from "./wrap/clock.ts";

/**
 * Every provider × every fault × every operation, with everything around the adapters: one fault is survived where
 * the provider may be asked again; a lasting one ends in a typed error within the deadline; what is charged is what
 * was answered; no key is shown.
 */

/**
 * Time runs `factor` times as fast, so that back-offs and deadlines are the real ones. The shorter an operation's
 * deadline is, the slower its time, or a busy machine would miss it.
 */
const hurried = (factor: number): Clock => ({
  now: () => 1_763_000_000_000 + performance.now() * factor,
  async sleep(milliseconds, signal) {
    try {
      await timer(milliseconds / factor, undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
});
const clocks: Readonly<Record<string, Clock>> = {
  embed: hurried(20),
  rerank: hurried(20),
  stream: hurried(80),
  object: hurried(400),
  answer: hurried(80),
};
/** For what runs into its deadline, which is ten minutes for an object. */
const lateClocks: Readonly<Record<string, Clock>> = { ...clocks, object: hurried(2000) };

const faults: readonly (readonly [name: string, fault: Fault, survived: boolean])[] = [
  ["429 with retry-after", { kind: "status", status: 429, retryAfterSeconds: 2 }, true],
  ["500", { kind: "status", status: 500 }, true],
  ["503", { kind: "status", status: 503 }, true],
  ["529", { kind: "status", status: 529 }, true],
  ["reset", { kind: "reset" }, true],
  ["hang", { kind: "hang" }, false],
  ["cut at byte 3", { kind: "cut", bytes: 3 }, true],
  ["malformed", { kind: "malformed" }, true],
  ["slow drip", { kind: "drip", bytes: 4000, everyMs: 1 }, true],
  ["drip without end", { kind: "drip", bytes: 1, everyMs: 20 }, false],
  ["401", { kind: "status", status: 401 }, false],
  ["402", { kind: "status", status: 402 }, false],
  ["400", { kind: "status", status: 400 }, false],
];

/** What comes too late: it is not followed by a good answer, because the deadline is over. */
const isLate = ({ kind, ...fault }: Fault): boolean => kind === "hang" || ("bytes" in fault && fault.bytes === 1);

type Operation = (models: OpenedModels) => Promise<unknown>;
const question = {
  system: "Answer.",
  messages: [{ role: "user" as const, content: "What do ducks eat?" }],
  sources: [{ id: "c", title: "Ducks", source: "d.md", text: "Ducks eat pond weed." }],
  maxOutputTokens: 200,
};
const schema = { type: "object", properties: { names: { type: "array", items: { type: "string" } } } };
const embed: Operation = ({ embedder }) => embedder!.embed(["Ducks eat pond weed."], { kind: "query" });
const rerank: Operation = ({ reranker }) => reranker!.rerank("ducks", ["Ducks eat.", "Bills."], { limit: 2 });
const object: Operation = ({ model }) => model!.generateObject({ ...question, schema, name: "names" });
const stream: Operation = async ({ model }) => {
  const parts = [];
  for await (const part of model!.stream(question)) parts.push(part);
  assert.equal(parts.at(-1)?.type, "finish");
};

const passages = openMemoryStore();
before(async () => {
  const pool = loadPool({ workers: 1 });
  const vector = new Float32Array(1024).fill(1 / 32);
  const embed: Embedder["embed"] = async (texts) => ({ vectors: texts.map(() => vector), tokens: 0 });
  const embedder: Embedder = { ...wordEmbedder(), dimensions: 1024, embed };
  const parts = { store: passages, embedder, extractor: null, pool, now: () => 0 };
  const document = { source: "ducks.txt", bytes: Buffer.from("Ducks eat pond weed and insects. They swim.") };
  for await (const _ of ingest([document], parts, { scope: ownerScope("t"), cwd: "/" }));
  await pool.close();
});

/** A whole answer, which a provider that fails makes poorer and never takes away. */
const answer = async ({ embedder, reranker, model, costOf }: OpenedModels): Promise<Answer> => {
  const analyzer = englishAnalyzer();
  const now = () => performance.now();
  const background = (): void => undefined;
  const found = { store: passages, analyzer, constants: bundledConstants, graph: null, now, background };
  const scope = ownerScope("t");
  const request = parseQueryRequest({ query: "What do ducks eat?" });
  if (model === null) {
    return collectAnswer(extractAnswer({ ...found, embedder, reranker }, scope, request, defaultQuerySettings));
  }
  const ports = { ...found, embedder: null, reranker: null, model, rewriter: null, costOf };
  return collectAnswer(modelAnswer(ports, scope, request, defaultQuerySettings));
};

const providers: readonly {
  readonly name: string;
  readonly start: () => Promise<Standin>;
  readonly settings: Readonly<Record<string, string>>;
  readonly operations: Readonly<Record<string, Operation>>;
}[] = [
  { name: "voyage", start: voyageStandin, settings: {}, operations: { embed, rerank, answer } },
  { name: "anthropic", start: anthropicStandin, settings: {}, operations: { stream, object, answer } },
  {
    name: "openai",
    start: openaiStandin,
    settings: { HYBRIDRAG_EMBEDDER: "openai", HYBRIDRAG_LANGUAGE_MODEL: "openai" },
    operations: { embed, stream, object, answer },
  },
  {
    name: "gemini",
    start: geminiStandin,
    settings: { HYBRIDRAG_EMBEDDER: "gemini", HYBRIDRAG_LANGUAGE_MODEL: "gemini" },
    operations: { embed, stream, object, answer },
  },
];
/** Made up, so that the ledger has something to count: a dollar for a thousand tokens. */
const prices = JSON.stringify(
  Object.fromEntries(
    ["voyage/voyage-4-large", "voyage/rerank-2.5", "anthropic/claude-sonnet-5-5", "openai/text-embedding-3-small"]
      .concat(["openai/gpt-5-mini", "gemini/gemini-embedding-001", "gemini/gemini-3-flash"])
      .map((model) => [model, { input: 1000, output: 1000 }]),
  ),
);

describe("what providers do wrong", () => {
  for (const { name, start, settings, operations } of providers)
    describe(`faults of ${name}`, () => {
      let standin: Standin;
      before(async () => void (standin = await start()));
      after(() => standin.close());

      const open = async (clock?: Clock): Promise<OpenedModels> => {
        const environment = { ...standin.environment, ...settings, HYBRIDRAG_PRICES: prices };
        const { config } = loadConfig({ environment, directory: tmpdir() });
        const { caches } = openMemoryStore();
        const fetch = globalThis.fetch;
        const secrets = openSecrets(config, fetch);
        const scope = () => ownerScope("t");
        const surroundings = { secrets, fetch, caches: () => caches, scope, run: "r", random: () => 0.5 };
        return openModels(config, clock === undefined ? surroundings : { ...surroundings, clock });
      };

      for (const [operation, run] of Object.entries(operations)) {
        let whole = 0;
        // In real time: the first call loads the provider's package, which a busy machine may take a second for.
        before(async () => {
          const models = await open();
          await run(models);
          whole = (await models.ledger.spent()).run;
        });

        for (const [fault, script, survived] of faults) {
          // A stream that never stops bringing something is what its reader waits for.
          if (isLate(script) && script.kind === "drip" && ["stream", "answer"].includes(operation)) continue;
          test(`${operation}: ${fault}`, async () => {
            standin.faults.clear();
            if (!isLate(script)) await onceThenWell(script, survived, run);
            if (script.kind !== "drip" || isLate(script)) await lasting(operation, script, run);
          });
        }

        const onceThenWell = async (script: Fault, survived: boolean, run: Operation): Promise<void> => {
          const models = await open(clocks[operation]);
          standin.faults.add(script);
          if (survived) await run(models);
          else await fails(operation, run(models));
          const spent = (await models.ledger.spent()).run;
          // Beside what failed an answer takes what did not.
          if (operation === "answer" && !survived) assert.ok(spent <= whole);
          else assert.ok(Math.abs(spent - (survived ? whole : 0)) < 1e-6, `${spent} of ${whole}`);
        };
      }

      const lasting = async (operation: string, script: Fault, run: Operation): Promise<void> => {
        const clock = (isLate(script) ? lateClocks : clocks)[operation]!;
        const models = await open(clock);
        standin.faults.add({ ...script, times: 99 });
        const started = clock.now();
        await fails(operation, run(models));
        assert.ok(clock.now() - started < 700_000, "within the deadline");
        assert.equal((await models.ledger.spent()).run, 0);
        standin.faults.clear();
      };

      /** Ends in a typed error; an answer in a warning, with the passage all the same. */
      const fails = async (operation: string, result: Promise<unknown>): Promise<void> => {
        if (operation !== "answer") return assert.rejects(result, clean);
        const given = (await result) as Answer;
        assert.ok(given.answer.includes("pond weed"), given.answer);
        assert.ok(given.warnings.length > 0);
        assert.ok(!JSON.stringify(given).includes(standin.key));
      };

      const clean = (error: unknown): boolean => {
        assert.ok(error instanceof HybridRAGError, String(error));
        assert.ok(!JSON.stringify([error, error.message, error.stack, String(error.cause)]).includes(standin.key));
        return true;
      };
    });
});
