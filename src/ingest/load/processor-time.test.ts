import assert from "node:assert/strict";
import { test } from "node:test";
import { processorMs } from "./processor-time.ts";

test("tells what this process has used, as the process itself does, and nothing of one that is not there", (t) => {
  assert.equal(processorMs(undefined), null);
  const told = processorMs(process.pid);
  if (told === null) return t.skip("this system has no /proc");
  const { user, system } = process.cpuUsage();
  assert.ok(Math.abs(told - (user + system) / 1000) < 100);
});
