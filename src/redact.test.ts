import assert from "node:assert/strict";
import { test } from "node:test";
import { redact } from "./redact.ts";
import { Secret } from "./secret.ts";

const key = "pa-0123456789abcdefghijklmnop";

const leaks: readonly (readonly [name: string, text: string, body: string])[] = [
  ["Voyage", `key ${key} refused`, "0123456789abcdefghijklmnop"],
  ["Atlas", "al-0123456789abcdefghijkl", "0123456789abcdefghijkl"],
  ["Anthropic", "sk-ant-api03-AbCdEf0123456789-xyz", "AbCdEf0123456789"],
  ["OpenAI", "Incorrect API key provided: sk-proj-abcdefghijklmnop1234", "abcdefghijklmnop1234"],
  ["Google", "AIzaSyA0123456789abcdefghijklmnopqrstuv", "SyA0123456789"],
  ["AWS", "AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"],
  ["a bearer header", "authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"],
  ["a header in JSON", '{"x-api-key":"hunter2hunter2"}', "hunter2hunter2"],
  ["a connection string", "mongodb://user:hunter2secret@host:27017/db", "hunter2secret"],
  ["a setting", "VOYAGE_API_KEY=short-but-secret", "short-but-secret"],
  ["a JSON web token", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl", "eyJzdWIiOiIxMjM0"],
];
for (const [name, text, body] of leaks)
  test(`redaction removes the key of ${name} and is stable`, () => {
    const clean = redact(text);
    assert.ok(!clean.includes(body), clean);
    assert.ok(clean.includes("***"));
    assert.equal(redact(clean), clean);
  });

test("redaction leaves ordinary sentences alone", () => {
  for (const text of [
    "The pa-per was about sk-ating, not keys.",
    "Set VOYAGE_API_KEY to a key from the dashboard.",
    "see http://example.com/a?b=c@d",
    "120000 tokens passed",
  ])
    assert.equal(redact(text), text);
});

test("redaction removes known values of any shape", () => {
  assert.equal(redact("the key is plainword!", [new Secret("plainword")]), "the key is ***!");
});
