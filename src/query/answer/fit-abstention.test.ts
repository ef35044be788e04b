import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { logit, type EvidenceFeatures } from "./evidence.ts";
import { fitAbstention, fitConstants, fitLine } from "./fit-abstention.ts";

const features = (topCosine: number | null, coverage: number, missing = 0, searched = 1000): EvidenceFeatures => ({
  topCosine,
  coverage,
  words: 4,
  missing: Array.from({ length: missing }, (_, i) => `name ${i}`),
  searched,
});
const spread = Array.from({ length: 40 }, (_, i) => (i - 20) / 200);
const onTopic = spread.map((d) => ({ features: features(0.6 + d, 0.8 - d), onTopic: true }));
const offTopic = spread.map((d) => ({ features: features(0.25 + d, 0.3 + d, 2), onTopic: false }));

test("parts questions of the collection from others, with weights of the right sign", () => {
  const weights = fitAbstention([...onTopic, ...offTopic]);
  for (const question of [...onTopic, ...offTopic])
    assert.equal(logit(question.features, weights) > 0, question.onTopic);
  assert.ok(weights.topCosine > 0 && weights.coverage > 0 && weights.missing < 0);
});

test("the numbers of the two kinds of question do not move the line", () => {
  const [once, thrice] = [1, 3].map((times) =>
    fitAbstention([...onTopic, ...Array.from({ length: times }, () => offTopic).flat()]),
  );
  assert.ok(Math.abs(logit(features(0.42, 0.5), once!) - logit(features(0.42, 0.5), thrice!)) < 0.5);
});

test("what lies near a question says less in a large collection", () => {
  const small = spread.map((d) => ({ features: features(0.4 + d, 0.4, 0, 10), onTopic: true }));
  const large = spread.map((d) => ({ features: features(0.42 + d, 0.4, 0, 10_000), onTopic: false }));
  const weights = fitAbstention([...onTopic, ...offTopic, ...small, ...large]);
  assert.ok(weights.size < 0);
  assert.ok(logit(features(0.4, 0.4, 0, 10), weights) > 0 && logit(features(0.42, 0.4, 0, 10_000), weights) < 0);
});

test("without cosines only the words decide", () => {
  const weights = fitAbstention([...onTopic, ...offTopic], false);
  assert.deepEqual(weights.topCosine, 0);
  assert.ok(logit(features(null, 0.9), weights) > 0 && logit(features(null, 0.1, 2), weights) < 0);
});

test("weights are numbers even for one-sided or empty data", () => {
  const question = fc.record({
    features: fc.record({
      topCosine: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
      coverage: fc.double({ min: 0, max: 1, noNaN: true }),
      words: fc.nat(40),
      missing: fc.array(fc.constant("x"), { maxLength: 3 }),
      searched: fc.nat(1_000_000),
    }),
    onTopic: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(question, { maxLength: 20 }), (questions) => {
      assert.ok(Object.values(fitAbstention(questions)).every(Number.isFinite));
    }),
    { numRuns: 50 },
  );
});

test("the line is drawn where two of two hundred questions of other collections pass it", () => {
  const many = Array.from({ length: 200 }, (_, i) => ({ features: features(0.1 + i / 1000, 0.2, 1), onTopic: false }));
  const { weights, none, answer } = fitLine([...onTopic, ...many]);
  assert.equal(many.filter((question) => logit(question.features, weights) > none).length, 2);
  assert.ok(answer > none);
});

test("what words alone find has weights and levels of its own", () => {
  const lexical = [...onTopic, ...offTopic].map(({ features: found, onTopic: own }) => ({
    features: { ...found, topCosine: null },
    onTopic: own,
  }));
  const { abstention, lexicalAbstention } = fitConstants("fake", [...onTopic, ...offTopic], lexical);
  assert.ok(abstention.weights.topCosine > 0);
  assert.equal(lexicalAbstention.weights.topCosine, 0);
  assert.notEqual(lexicalAbstention.none, abstention.none);
});
