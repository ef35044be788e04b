import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nameKey } from "./name-key.ts";

test("spellings of one name have one key", () => {
  assert.equal(nameKey("The São Paulo (city)"), "sao paulo");
  assert.equal(nameKey("sao-paulo"), "sao paulo");
  assert.equal(nameKey("A. P. Møller–Mærsk"), "a p møller mærsk");
  assert.equal(nameKey("U.S. Steel"), "u s steel");
  assert.equal(nameKey("The"), "the");
  assert.equal(nameKey("(…)"), "");
});

test("an identifier with underscores is one word; underscores for blanks are blanks", () => {
  assert.equal(nameKey("MAX_SAFE_INTEGER"), "max_safe_integer");
  assert.equal(nameKey("max_safe_integer"), "max_safe_integer");
  assert.equal(nameKey("__dirname"), "dirname");
  assert.equal(nameKey("Peter_Jackson"), "peter jackson");
});

test("a key is its own key, unless an article stood before another", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      const key = nameKey(name);
      if (!/^(the|an|a) /.test(key)) assert.equal(nameKey(key), key);
    }),
  );
});
