import assert from "node:assert/strict";
import { test } from "node:test";
import { firstPages, wholeOf } from "./document-of.ts";

test("a page belongs to the document before the #", () => {
  assert.equal(wholeOf("report.pdf#p7"), "report.pdf");
  assert.equal(wholeOf("report.pdf"), "report.pdf");
  assert.equal(wholeOf("#7"), "#7");
});

test("the first pages are numbered as the others are", () => {
  assert.deepEqual(firstPages("r", ["r"]), ["r"]);
  assert.deepEqual(firstPages("r", ["r#p12", "r#p7"]), ["r#p1", "r#p2"]);
  assert.deepEqual(firstPages("r", ["r#page=012", "r#page=107"]), ["r#page=001", "r#page=002"]);
  assert.deepEqual(firstPages("r", ["r#p40", "r#p12"]), ["r#p1", "r#p2", "r#p01", "r#p02"]);
  assert.deepEqual(firstPages("r", ["r#intro"]), []);
});
