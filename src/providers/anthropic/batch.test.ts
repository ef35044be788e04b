import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../../errors.ts";
import type { BatchResult } from "../../ports/bulk-objects.ts";
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
    assert.deepEqual(await batches.progress(id), { ended: false, done: 1, total: 3 });
    assert.deepEqual(await batches.progress(id), { ended: true, done: 3, total: 3 });
    const results = new Map<string, BatchResult>();
    for await (const result of batches.results(id)) results.set(result.id, result);
    const one = results.get("one");
    assert.ok(one !== undefined && "value" in one);
    assert.deepEqual([one.value, one.usage.inputTokens > 0], [{ names: ["Ada Lovelace"] }, true]);
    for (const name of ["short", "wrong"]) {
      const failed = results.get(name);
      assert.ok(failed !== undefined && "error" in failed && failed.error instanceof HybridRAGError, name);
    }
    await assert.rejects(batches.progress("msgbatch_unknown"), { code: "invalid_config" });
  }));

test("batches that were made since a moment are found, with how much was asked", () =>
  withStandin(anthropicStandin, async (standin) => {
    const batches = anthropicBatches(optionsFor(standin));
    const start = Date.now();
    const first = await batches.submit([asking("one", "x"), asking("two", "y")]);
    const second = await batches.submit([asking("one", "x")]);
    assert.deepEqual(await batches.since(start), [
      { id: second, requests: 1 },
      { id: first, requests: 2 },
    ]);
    assert.deepEqual(await batches.since(Date.now() + 60_000), []);
  }));

test("a model that ends, or that is not listed, is told with its day", () =>
  withStandin(anthropicStandin, async (standin) => {
    const warningsOf = (model: string) => anthropicModelWarnings({ ...optionsFor(standin), model });
    assert.deepEqual(await warningsOf("claude-sonnet-5-5"), []);
    assert.match((await warningsOf("claude-sonnet-4-5"))[0]?.message ?? "", /2026-11-30/);
    assert.equal((await warningsOf("claude-nine"))[0]?.code, "model_unknown");
  }));
