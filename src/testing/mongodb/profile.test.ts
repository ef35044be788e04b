import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { profiles } from "./profile.ts";

test("docs/mongodb.md lists what each profile of the test server has", () => {
  const page = readFileSync(new URL("../../../docs/mongodb.md", import.meta.url), "utf8");
  const has = (feature: boolean): string => (feature ? "yes" : "no");
  for (const profile of Object.values(profiles)) {
    const { name, version, search, rankFusion, scoreFusion, vectorOperator, maxSearchIndexes } = profile;
    const indexes = !search ? "none" : maxSearchIndexes === null ? "unlimited" : `${maxSearchIndexes} at most`;
    const features = [search, rankFusion, scoreFusion, vectorOperator].map(has);
    const row = `| ${[`\`${name}\``, version, ...features, indexes].join(" | ")} |`;
    assert.ok(page.includes(row), `${row} is missing`);
  }
});
