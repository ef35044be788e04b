import assert from "node:assert/strict";
import { test } from "node:test";
import { statusLines } from "./status-lines.ts";

test("the last status is told every ten seconds, also while nothing changes, until it is over", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const lines: string[] = [];
  const status = statusLines((line) => lines.push(line));
  status("1 of 9 documents");
  t.mock.timers.tick(6_000);
  status("2 of 9 documents");
  t.mock.timers.tick(6_000);
  assert.deepEqual(lines, ["2 of 9 documents\n"]);
  t.mock.timers.tick(10_000);
  assert.equal(lines.length, 2);
  status(null);
  t.mock.timers.tick(60_000);
  assert.equal(lines.length, 2);
  status("next");
  t.mock.timers.tick(10_000);
  assert.equal(lines.at(-1), "next\n");
  status(null);
});
