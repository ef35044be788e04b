import assert from "node:assert/strict";
import { test } from "node:test";
import { coverageLines, qualityLines } from "./report.ts";

test("every figure is shown, ranked sets in one table, all else by name", () => {
  const figures = { "a/mix/ndcg@10": 0.1234, "a/mix/map": 0.25, "a/mix/first unit": 0.5, "b/mix/exact filters": 1 };
  const text = qualityLines(figures).join("\n");
  for (const shown of [
    /^a\/mix +0\.123 .* 0\.250/m,
    /^a\/mix\/first unit +0\.500$/m,
    /^b\/mix\/exact filters +1\.000$/m,
  ])
    assert.match(text, shown);
});

test("what was not measured is counted by set, so that a check of half the floors does not look like a whole one", () => {
  const floors = { "a/mix/map": 0.2, "b/mix/map": 0.2, "b/text/map": 0.2 };
  assert.deepEqual(coverageLines(floors, { "a/mix/map": 0.3 }), [
    "1 of 3 floors were compared.",
    "Not measured: 2 figures of b.",
  ]);
  assert.deepEqual(coverageLines({ "a/mix/map": 0.2 }, { "a/mix/map": 0.3 }), ["1 of 1 floors were compared."]);
});
