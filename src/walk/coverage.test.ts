import assert from "node:assert/strict";
import { test } from "node:test";
import { englishAnalyzer } from "../text/analyze.ts";
import { commonTerms, coverageOf } from "./coverage.ts";

const common = commonTerms((text) => englishAnalyzer().analyze(text));
const asked = (...terms: readonly string[]) => ({
  corpusSize: 100,
  terms: terms.map((term) => ({ term, documentFrequency: 10, expansions: [] })),
});

test("the words that a question is put with cover nothing of it", () => {
  const coverage = coverageOf(asked("how", "mani", "puffin", "nest"), common);
  assert.deepEqual(
    coverage.terms.map(({ term }) => term),
    ["puffin", "nest"],
  );
  assert.equal(coverage.share(0b11), 1);
  assert.equal(coverage.share(0b01), 0.5);
});

test("a question of such words alone is covered by them", () => {
  assert.deepEqual(coverageOf(asked("how", "mani"), common).terms.length, 2);
});
