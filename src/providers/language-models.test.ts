import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import { Secret } from "../secret.ts";
import { anthropicStandin } from "../testing/standins/anthropic.ts";
import { geminiStandin } from "../testing/standins/gemini.ts";
import { openaiStandin } from "../testing/standins/openai.ts";
import type { Standin } from "../testing/standins/server.ts";
import { anthropicModel } from "./anthropic/index.ts";
import { geminiModel } from "./gemini/index.ts";
import { openaiModel } from "./openai/index.ts";
import {
  askForNames,
  collect,
  duckQuestion,
  lethalFaults,
  optionsFor,
  sources,
  textOf,
  withStandin,
} from "./testbed.test.fixture.ts";

interface Case {
  readonly name: string;
  readonly start: () => Promise<Standin>;
  readonly open: (standin: Standin, timeoutMs?: number) => LanguageModel;
  readonly keySetting: string;
  readonly cites: boolean;
}

const cases: readonly Case[] = [
  {
    name: "anthropic",
    start: anthropicStandin,
    open: (standin, timeoutMs) => anthropicModel(optionsFor(standin, timeoutMs)),
    keySetting: "ANTHROPIC_API_KEY",
    cites: true,
  },
  {
    name: "openai",
    start: openaiStandin,
    open: (standin, timeoutMs) => openaiModel(optionsFor(standin, timeoutMs)),
    keySetting: "OPENAI_API_KEY",
    cites: false,
  },
  {
    name: "gemini",
    start: geminiStandin,
    open: (standin, timeoutMs) => geminiModel(optionsFor(standin, timeoutMs)),
    keySetting: "GEMINI_API_KEY",
    cites: false,
  },
];

for (const { name, start, open, keySetting, cites } of cases) {
  const using = (use: (standin: Standin, model: LanguageModel) => Promise<void>, timeoutMs?: number) => () =>
    withStandin(start, (standin) => use(standin, open(standin, timeoutMs)));

  test(
    `${name}: streams text, ${cites ? "cites by quotes that stand in the source" : "cites by markers"}, ends with usage`,
    using(async (_, model) => {
      const parts = await collect(model.stream(duckQuestion));
      assert.match(textOf(parts), /Ducks eat pond weed and insects\./);
      const end = parts.at(-1);
      assert.ok(end?.type === "finish" && end.reason === "stop");
      assert.ok(end.usage.inputTokens > 20 && end.usage.outputTokens > 5);
      const citations = parts.filter((part) => part.type === "citation");
      if (cites) {
        assert.ok(citations.length > 0);
        for (const { source_id: id, quote } of citations)
          assert.ok(sources.find((source) => source.id === id)?.text.includes(quote), quote);
      } else assert.match(textOf(parts), /insects\. \[2\]/);
    }),
  );

  test(
    `${name}: returns an object that the schema admits`,
    using(async (_, model) => {
      const { value, usage } = await askForNames(model);
      assert.deepEqual(value, { names: ["Ada Lovelace", "Charles Babbage"] });
      assert.ok(usage.outputTokens > 0);
    }),
  );

  test(
    `${name}: refusal, length stop and a cut stream are told apart`,
    using(async (standin, model) => {
      const ending = async (request = duckQuestion): Promise<string> => {
        const end = (await collect(model.stream(request))).at(-1);
        return end?.type === "finish" ? end.reason : "none";
      };
      standin.faults.add({ kind: "refusal" });
      assert.equal(await ending(), "refusal");
      assert.equal(await ending({ ...duckQuestion, maxOutputTokens: 3 }), "length");
      standin.faults.add({ kind: "cut", bytes: name === "anthropic" ? 1500 : 800 });
      assert.equal(await ending(), "cut");
      standin.faults.add({ kind: "stream-error" });
      assert.equal(await ending(), "cut");
      standin.faults.add({ kind: "refusal" });
      await assert.rejects(
        askForNames(model),
        (error: HybridRAGError) => error.code === "provider_failed" && !error.retryable,
      );
    }),
  );

  test(
    `${name}: breaking out of a stream cancels the request, and a cancelled call rejects with the caller's reason`,
    using(async (standin, model) => {
      standin.faults.add({ kind: "drip", bytes: 400, everyMs: 20 });
      for await (const part of model.stream(duckQuestion)) if (part.type === "text-delta") break;
      standin.faults.add({ kind: "hang" });
      const stop = new AbortController();
      const pending = collect(model.stream({ ...duckQuestion, signal: stop.signal }));
      queueMicrotask(() => stop.abort(new Error("mine")));
      await assert.rejects(pending, /mine/);
    }),
  );

  for (const [fault, script, code, retryable] of lethalFaults)
    test(
      `${name}: ${fault} is ${code}${retryable ? ", to be repeated" : ""}, in a stream as in an object, and shows no key`,
      using(async (standin, model) => {
        for (const call of [() => collect(model.stream(duckQuestion)), () => askForNames(model)]) {
          standin.faults.add(script);
          await assert.rejects(call, (error: unknown) => {
            assert.ok(error instanceof HybridRAGError, String(error));
            assert.deepEqual([error.code, error.retryable], [code, retryable], error.message);
            if (fault === "429") assert.equal(error.details["retry_after_ms"], 7000);
            if (fault === "401") assert.ok(error.message.includes(keySetting));
            assert.ok(!JSON.stringify([error, error.message, error.stack, String(error.cause)]).includes(standin.key));
            return true;
          });
        }
      }, 300),
    );
}

test("a missing key names the setting, the provider and where keys are made", () => {
  assert.throws(
    () => anthropicModel({ apiKey: undefined, fetch: globalThis.fetch }),
    (error: HybridRAGError) =>
      error.code === "invalid_config" && /Anthropic.*ANTHROPIC_API_KEY.*https:/.test(error.message),
  );
});

test("a refused key is looked up again once: a rotated one goes on without a restart", () =>
  withStandin(anthropicStandin, async (standin) => {
    const asked: (string | undefined)[] = [];
    const apiKey = {
      get: async (refused?: Secret) => {
        asked.push(refused?.reveal());
        return new Secret(asked.includes("sk-ant-old") ? standin.key : "sk-ant-old");
      },
    };
    const model = anthropicModel({ ...optionsFor(standin), apiKey });
    assert.match(textOf(await collect(model.stream(duckQuestion))), /pond weed/);
    assert.deepEqual(asked.slice(0, 2), [undefined, "sk-ant-old"]);
  }));

test("anthropic: instructions are marked for the prompt cache and read from it the second time", () =>
  withStandin(anthropicStandin, async (standin) => {
    const model = anthropicModel(optionsFor(standin));
    const request = { ...duckQuestion, system: "Answer from the sources, briefly and exactly. ".repeat(80) };
    const usages = [];
    for (let i = 0; i < 2; i++) {
      const end = (await collect(model.stream(request))).at(-1);
      if (end?.type === "finish") usages.push(end.usage);
    }
    assert.ok((usages[0]?.cacheWriteTokens ?? 0) > 500 && usages[0]?.cacheReadTokens === 0);
    assert.equal(usages[1]?.cacheReadTokens, usages[0]?.cacheWriteTokens);
  }));
