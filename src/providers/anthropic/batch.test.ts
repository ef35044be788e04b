import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../../errors.ts";
import { anthropicStandin } from "../../testing/standins/anthropic.ts";
import { optionsFor, withStandin } from "../testbed.test.fixture.ts";
import { anthropicBatches, anthropicModelWarnings } from "./index.ts";

const schema = { type: "object", properties: { names: { type: "array", items: { type: "string" } } } };
const asking = (id: string, content: string, maxOutputTokens = 200) => ({
  id,
  system: "List the names.",
  messages: [{ role: "user" as const, content }],
  maxOutputTokens,
  schema,
});

test("a batch gives each request its value or its error, whatever the order", () =>
  withStandin(anthropicStandin, async (standin) => {
    const batches = anthropicBatches(optionsFor(standin));
    const id = await batches.submit([
      asking("one", "In 1843 the engineer Ada Lovelace wrote."),
      asking("short", "In 1843 the engineer Ada Lovelace wrote to Charles Babbage.", 2),
      asking("wrong", "x", 999_999),
    ]);
    const results = new Map((await batches.results(id))?.map((result) => [result.id, result]));
    const one = results.get("one");
    assert.ok(one !== undefined && "value" in one);
    assert.deepEqual([one.value, one.usage.inputTokens > 0], [{ names: ["Ada Lovelace"] }, true]);
    for (const name of ["short", "wrong"]) {
      const failed = results.get(name);
      assert.ok(failed !== undefined && "error" in failed && failed.error instanceof HybridRAGError, name);
    }
    await assert.rejects(batches.results("msgbatch_unknown"), { code: "invalid_config" });
  }));

test("a model that ends, or that is not listed, is told with its day", () =>
  withStandin(anthropicStandin, async (standin) => {
    const warningsOf = (model: string) => anthropicModelWarnings({ ...optionsFor(standin), model });
    assert.deepEqual(await warningsOf("claude-sonnet-5-5"), []);
    assert.match((await warningsOf("claude-sonnet-4-5"))[0]?.message ?? "", /2026-11-30/);
    assert.equal((await warningsOf("claude-nine"))[0]?.code, "model_unknown");
  }));
