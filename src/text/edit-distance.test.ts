import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isWithinOneEdit } from "./edit-distance.ts";

/** The textbook table of optimal string alignment. */
function alignmentDistance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j));
  const at = (i: number, j: number): number => table[i]?.[j] ?? Infinity;
  for (let i = 0; i <= a.length; i += 1) {
    for (let j = 0; j <= b.length; j += 1) {
      if (i === 0 || j === 0) continue;
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      (table[i] as number[])[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost, swap);
    }
  }
  return at(a.length, b.length);
}

test("agrees with the textbook table", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  const check = (a: string, b: string): void => assert.equal(isWithinOneEdit(a, b), alignmentDistance(a, b) <= 1);
  fc.assert(fc.property(word, word, check), { numRuns: 3000 });
});

test("accepts each kind of typing error once", () => {
  for (const typo of ["chnge", "chaange", "chqnge", "hcange", "change", "changes"]) {
    assert.ok(isWithinOneEdit("change", typo), typo);
  }
  assert.ok(!isWithinOneEdit("change", "chnage s"));
});
