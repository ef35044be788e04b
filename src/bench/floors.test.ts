import assert from "node:assert/strict";
import { test } from "node:test";
import { fallenFigures, raisedFloors } from "./floors.ts";

test("a figure that falls further than rounding explains is named; one that was not measured is not", () => {
  const floors = { "a/hybrid/ndcg@10": 0.43, "b/hybrid/ndcg@10": 0.58, "c/text/map": 0.3 };
  assert.deepEqual(fallenFigures(floors, { "a/hybrid/ndcg@10": 0.4285, "b/hybrid/ndcg@10": 0.577 }), [
    { name: "b/hybrid/ndcg@10", floor: 0.58, value: 0.577 },
  ]);
});

test("floors only rise, and what is measured for the first time gets one", () => {
  assert.deepEqual(raisedFloors({ old: 0.4, better: 0.5, worse: 0.6 }, { better: 0.51239, worse: 0.59, first: 0.1 }), {
    better: 0.5123,
    first: 0.1,
    old: 0.4,
    worse: 0.6,
  });
});

test("a floor that was just raised holds for the figure that raised it", () => {
  const measured = { figure: 2 / 3, below: -0.0123456 };
  assert.deepEqual(fallenFigures(raisedFloors({}, measured), measured), []);
});
