import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nameKey } from "../name-key.ts";
import { otherSpellings } from "./other-spellings.ts";

const cases: readonly (readonly [asked: string, written: string])[] = [
  ["JRR Tolkien", "J. R. R. Tolkien"],
  ["J.R.R. Tolkien", "JRR Tolkien"],
  ["U.S.A.", "USA"],
  ["usa", "U.S.A."],
  ["Procter and Gamble", "Procter & Gamble"],
  ["Louis XIV's", "Louis XIV"],
  ["World War 2", "World War II"],
  ["Louis XIV", "Louis 14"],
  ["the Beatles'", "The Beatles"],
];
for (const [asked, written] of cases) {
  test(`looks for ${written} where ${asked} is asked for`, () => {
    assert.ok([nameKey(asked), ...otherSpellings(asked)].includes(nameKey(written)));
  });
}

test("has no other spelling of a plain name", () => {
  for (const name of ["Harald Nygaard", "Paris", "東京", "Apollo 111", "X"]) assert.deepEqual(otherSpellings(name), []);
});

test("never names the name itself, nothing, or what is no key", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (name) => {
      for (const key of otherSpellings(name)) assert.ok(key !== "" && key !== nameKey(name) && nameKey(key) !== "");
    }),
  );
});
