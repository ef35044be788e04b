import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { setTimeout as timer } from "node:timers/promises";
import { loadConfig } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import { openModels, type OpenedModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import { ownerScope } from "./scope.ts";
import {
  anthropicStandin,
  geminiStandin,
  openaiStandin,
  type Standin,
  voyageStandin,
} from "./testing/standins/index.ts";
import type { Fault } from "./testing/standins/fault.ts";
import { openMemoryStore } from "./testing/memory-store.ts";
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
};

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
  ["401", { kind: "status", status: 401 }, false],
  ["402", { kind: "status", status: 402 }, false],
  ["400", { kind: "status", status: 400 }, false],
];

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

const providers: readonly {
  readonly name: string;
  readonly start: () => Promise<Standin>;
  readonly settings: Readonly<Record<string, string>>;
  readonly operations: Readonly<Record<string, Operation>>;
}[] = [
  { name: "voyage", start: voyageStandin, settings: {}, operations: { embed, rerank } },
  { name: "anthropic", start: anthropicStandin, settings: {}, operations: { stream, object } },
  {
    name: "openai",
    start: openaiStandin,
    settings: { HYBRIDRAG_EMBEDDER: "openai", HYBRIDRAG_LANGUAGE_MODEL: "openai" },
    operations: { embed, stream, object },
  },
  {
    name: "gemini",
    start: geminiStandin,
    settings: { HYBRIDRAG_EMBEDDER: "gemini", HYBRIDRAG_LANGUAGE_MODEL: "gemini" },
    operations: { embed, stream, object },
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
        // Bulk work may take ten minutes, six seconds here; its adapters are tested with a hang on their own.
        if (operation === "object" && script.kind === "hang") continue;
        test(`${operation}: ${fault}`, async () => {
          standin.faults.clear();
          if (script.kind !== "hang") await onceThenWell(script, survived, run);
          await lasting(operation, script, run);
        });
      }

      const onceThenWell = async (script: Fault, survived: boolean, run: Operation): Promise<void> => {
        const models = await open(clocks[operation]);
        standin.faults.add(script);
        if (survived) await run(models);
        else await assert.rejects(run(models), clean);
        const spent = (await models.ledger.spent()).run;
        assert.ok(Math.abs(spent - (survived ? whole : 0)) < 1e-6, `${spent} of ${whole}`);
      };
    }

    const lasting = async (operation: string, script: Fault, run: Operation): Promise<void> => {
      // A drip is slow, not wrong; 503 and 529 are taken as 500 is.
      if (script.kind === "drip" || (script.kind === "status" && [503, 529].includes(script.status))) return;
      const models = await open(clocks[operation]);
      standin.faults.add({ ...script, times: 99 });
      const clock = clocks[operation]!;
      const started = clock.now();
      await assert.rejects(run(models), clean);
      assert.ok(clock.now() - started < 700_000, "within the deadline");
      assert.equal((await models.ledger.spent()).run, 0);
      standin.faults.clear();
    };

    const clean = (error: unknown): boolean => {
      assert.ok(error instanceof HybridRAGError, String(error));
      assert.ok(!JSON.stringify([error, error.message, error.stack, String(error.cause)]).includes(standin.key));
      return true;
    };
  });
