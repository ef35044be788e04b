import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMetadata } from "./metadata.ts";

test("scalars, lists, points and objects are accepted as they are", () => {
  const metadata = {
    category: "report",
    year: 2026,
    draft: false,
    none: null,
    tags: ["a", 1],
    location: { type: "Point", coordinates: [8.5, 47.4] },
    author: { name: "A" },
    access: ["group:x"],
  };
  assert.deepEqual(parseMetadata(metadata), metadata);
  assert.deepEqual(parseMetadata(undefined), {});
});

const faults: readonly (readonly [metadata: unknown, path: string])[] = [
  ["text", "metadata"],
  [[], "metadata"],
  [{ $where: 1 }, "metadata.$where"],
  [{ "a.b": 1 }, "metadata.a.b"],
  [{ a: { b: () => 1 } }, "metadata.a.b"],
  [{ a: Number.NaN }, "metadata.a"],
  [{ a: [{}] }, "metadata.a"],
  [{ tenant_id: "other" }, "metadata.tenant_id"],
  [{ access: "everyone" }, "metadata.access"],
  [{ location: { type: "Point", coordinates: [200, 0] } }, "metadata.location"],
  [{ a: "x".repeat(70_000) }, "metadata"],
];

for (const [metadata, path] of faults) {
  test(`a fault is refused with its path: ${path}`, () => {
    assert.throws(() => parseMetadata(metadata), { code: "invalid_input", details: { path } });
  });
}

test("endless nesting is refused", () => {
  const deep: Record<string, unknown> = {};
  deep["a"] = deep;
  assert.throws(() => parseMetadata(deep), { code: "invalid_input" });
});
