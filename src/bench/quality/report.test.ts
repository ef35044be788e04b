import assert from "node:assert/strict";
import { test } from "node:test";
import { qualityLines } from "./report.ts";

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
