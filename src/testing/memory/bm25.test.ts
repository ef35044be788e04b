import assert from "node:assert/strict";
import { test } from "node:test";
import { bm25 } from "./bm25.ts";

const close = (given: number | undefined, wanted: number) =>
  assert.ok(Math.abs((given ?? NaN) - wanted) < 1e-12, `${given} is not ${wanted}`);

test("scores a word as Lucene's formula does by hand", () => {
  const texts = [["cat", "cat", "dog"], ["dog"], []];
  const [first, second, third] = bm25([{ texts, b: 0.4, weight: 1 }], [["cat"]]);
  const idf = Math.log(1 + 2.5 / 1.5);
  const averageLength = 4 / 3;
  close(first, (idf * 2) / (2 + 0.9 * (0.6 + (0.4 * 3) / averageLength)));
  assert.deepEqual([second, third], [0, 0]);
});

test("adds a weighted field with frequencies and lengths of its own", () => {
  const content = { texts: [["cat"], ["dog"]], b: 0.4, weight: 1 };
  const title = { texts: [["dog"], ["dog"]], b: 0.3, weight: 0.2 };
  const [first, second] = bm25([content, title], [["dog"]]);
  close(first, (0.2 * Math.log(1 + 0.5 / 2.5)) / 1.9);
  close(second, (first ?? NaN) + Math.log(2) / 1.9);
});

test("counts a group of equivalent words as its best one", () => {
  const fields = [{ texts: [["cat", "cats"], ["cats"], ["dog"]], b: 0.4, weight: 1 }];
  const group = bm25(fields, [["cat", "cats"]]);
  const single = [bm25(fields, [["cat"]]), bm25(fields, [["cats"]])];
  group.forEach((score, index) => close(score, Math.max(single[0]![index]!, single[1]![index]!)));
});
