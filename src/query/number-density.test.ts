import assert from "node:assert/strict";
import { test } from "node:test";
import { asksForNumbers, numberDensity } from "./number-density.ts";

test("questions of figures are told from others", () => {
  for (const question of ["How much did it cost?", "net income of 2021", "the gross margin", "change in %"])
    assert.ok(asksForNumbers(question), question);
  for (const question of ["Who signed the lease?", "What are the risks?", "how is it shown", ""])
    assert.ok(!asksForNumbers(question), question);
});

test("density is twice the share of numbers, at most 1", () => {
  assert.equal(numberDensity(""), 0);
  assert.equal(numberDensity("only words here"), 0);
  assert.equal(numberDensity("Net sales 1,200 1,100"), 0.8);
  assert.equal(numberDensity("1 2 3 4 5"), 1);
});
