import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isHybridRAGError } from "../errors.ts";
import { parseQueryRequest, sanitizeQuery } from "./query-request.ts";

const refused = (input: unknown): readonly [string, unknown] => {
  try {
    parseQueryRequest(input);
  } catch (error) {
    assert.ok(isHybridRAGError(error));
    return [error.code, error.details["path"]];
  }
  return assert.fail("nothing was refused");
};

test("white-space control characters become blanks, others go, and the ends are trimmed", () => {
  assert.equal(parseQueryRequest({ query: "\u0000 a\tb\nc\u0085d\u0007e\u009F \r\n" }).query, "a b c de");
});

test("a sanitised query holds no control character and no half surrogate pair, and stays as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const clean = sanitizeQuery(text);
      assert.ok(!/\p{Cc}/u.test(clean) && clean.isWellFormed());
      assert.equal(sanitizeQuery(clean), clean);
    }),
  );
});

test("the length is counted after sanitising", () => {
  assert.equal(parseQueryRequest({ query: `${"a".repeat(10_000)}\u0000\n` }).query.length, 10_000);
  assert.deepEqual(refused({ query: "a".repeat(10_001) }), ["invalid_input", "/query"]);
  assert.deepEqual(refused({ query: "\u0000\t " }), ["invalid_input", "/query"]);
});

test("a wrong field is refused with its path", () => {
  assert.deepEqual(refused({ query: "a", top_k: 0 }), ["invalid_input", "/top_k"]);
  assert.deepEqual(refused({ query: "a", top_k: 101 }), ["invalid_input", "/top_k"]);
  assert.deepEqual(refused({ query: "a", top_k: 1.5 }), ["invalid_input", "/top_k"]);
  assert.deepEqual(refused({ query: "a", top_k: "10" }), ["invalid_input", "/top_k"]);
  assert.deepEqual(refused({ query: "a", mode: "magic" }), ["invalid_input", "/mode"]);
  assert.deepEqual(refused({ query: "a", session_id: "a b" }), ["invalid_input", "/session_id"]);
  assert.deepEqual(refused({ query: "a", session_id: "a".repeat(101) }), ["invalid_input", "/session_id"]);
  assert.deepEqual(refused({ query: "a", tenant: "other" }), ["invalid_input", "/tenant"]);
  assert.deepEqual(refused({ query: 7 }), ["invalid_input", "/query"]);
  assert.deepEqual(refused({}), ["invalid_input", "/query"]);
  assert.deepEqual(refused(null), ["invalid_input", "/"]);
  assert.deepEqual(refused({ query: "a", filters: [] }), ["invalid_input", "/filters"]);
});

test("a fault in a filter is named with its path from the top of the request", () => {
  assert.deepEqual(refused({ query: "a", filters: { "metadata.x": { $where: "1" } } }), [
    "invalid_filter",
    "/filters/metadata.x/$where",
  ]);
  assert.deepEqual(refused({ query: "a", filters: { "metadata.tenant_id": "b" } })[0], "invalid_filter");
  assert.throws(() => parseQueryRequest({ query: "a", filters: { category: "b" } }), /wrong at \/filters\/category:/);
});

test("what is absent is left to the settings", () => {
  assert.deepEqual(parseQueryRequest({ query: "a", filters: { "metadata.x": 1 }, session_id: null }), {
    query: "a",
    top_k: null,
    mode: null,
    session_id: null,
    filter: { op: "eq", field: "metadata.x", value: 1 },
    explain: false,
  });
});
