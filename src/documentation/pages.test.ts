import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { generatedPages } from "./pages.ts";

test("the generated pages are what the code says", async () => {
  for (const [path, content] of await generatedPages()) {
    const stored = await readFile(path, "utf8").catch(() => "");
    assert.ok(stored === content, `${path} is out of date; run: npm run docs`);
  }
});
