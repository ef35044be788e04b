import assert from "node:assert/strict";
import { test } from "node:test";
import { numbersIn } from "./numbers.ts";

test("reads numbers with separators, decimals and scales, and none inside words", () => {
  const read = numbersIn("CO2 rose by 1,234.50 and 3.5 million to 12%, not 4k or 2nd; in 2019. A10.").map(
    ({ value, scale }) => [value, scale],
  );
  assert.deepEqual(read, [
    [1234.5, 1],
    [3.5, 1e6],
    [12, 1],
    [4, 1],
    [2, 1],
    [2019, 1],
  ]);
});
