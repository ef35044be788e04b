import assert from "node:assert/strict";
import { test } from "node:test";
import { objectFrom } from "./object-result.ts";

const facts = { name: "Someone", keyName: "KEY", keyPage: "" } as unknown as Parameters<typeof objectFrom>[0];

test("a structured answer is its JSON", () => {
  assert.deepEqual(objectFrom(facts, '{"a":1}', "stop"), { a: 1 });
});

test("what a model wrote wrongly is not asked for again, and says how it ended", () => {
  for (const [text, reason, message] of [
    ['{"a": oops', "stop", /no JSON/],
    ['{"a":', "length", /before its JSON was complete \(length\)/],
    ["", "refusal", /declined/],
  ] as const)
    assert.throws(() => objectFrom(facts, text, reason), {
      code: "provider_failed",
      retryable: false,
      message,
      details: { provider: "Someone", finish_reason: reason },
    });
});
