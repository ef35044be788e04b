import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { agreementOf, calibratedWeight, emptyCalibration, observe } from "./calibrate.ts";
import { fuse } from "./fuse.ts";
import { worldOf } from "./world.test.fixture.ts";

const hitAt = (vectorRank: number | null, textRank: number | null) => {
  const [hit] = fuse(worldOf([{ id: "a", cosine: 1, bm25: 1 }]), {
    method: "z",
    vectorWeight: 1,
    textWeight: 0.4,
    rankConstant: 60,
  });
  return { ...hit!, candidate: { ...hit!.candidate, vectorRank, textRank } };
};

test("the weight of the text falls where the vector leg agrees with the fusion, and rises where the text leg does", () => {
  const after = (agreement: number, times: number) =>
    calibratedWeight(
      Array.from({ length: times }).reduce(
        (state: { agreements: readonly number[] }) => observe(state, agreement),
        emptyCalibration,
      ),
    );
  assert.equal(calibratedWeight(emptyCalibration), 0.4);
  assert.ok(after(0.5, 20) < after(0.5, 5) && after(0.5, 5) < 0.4);
  assert.ok(after(-0.1, 20) > 0.4);
  assert.equal(after(0, 50), 0.4);
});

test("one question moves the weight by the formula", () => {
  assert.equal(calibratedWeight({ agreements: [0.5] }), 0.4 * Math.exp((-3 * 0.5) / 11));
});

test("agreement compares the two ranks of the first hit, and ranks beyond ten count as none", () => {
  assert.equal(agreementOf(hitAt(1, null)), 1);
  assert.equal(agreementOf(hitAt(11, 1)), -1);
  assert.equal(agreementOf(hitAt(1, 3)), 0.5);
});

test("the weight stays within .15 and 1, and only the last 200 questions count", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 300 }), (agreements) => {
      const state = agreements.reduce(observe, emptyCalibration);
      assert.deepEqual(state.agreements, agreements.slice(-200));
      const weight = calibratedWeight(state);
      assert.ok(weight >= 0.15 && weight <= 1);
    }),
    { numRuns: 30 },
  );
});
