import assert from "node:assert/strict";
import { test } from "node:test";
import { loadPool } from "./load-pool.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a file that takes too long is refused and the next one is read", async () => {
  const pool = loadPool({ workers: 1, timeoutMs: 1 });
  const slow = { name: "slow.md", bytes: bytesOf("# a\n\n*b* [c](d)\n\n".repeat(20_000)) };
  await assert.rejects(pool.load(slow), { code: "unreadable", message: /slow\.md.*longer than/u });
  await pool.close();
  const patient = loadPool({ workers: 1 });
  assert.equal((await patient.load({ name: "a.txt", bytes: bytesOf("fine") })).text, "fine");
  await patient.close();
});

test("a file that exhausts memory ends only its own worker", async () => {
  const pool = loadPool({ workers: 1, memoryMb: 24 });
  const greedy = pool.load({ name: "greedy.json", bytes: bytesOf(`[${"[1],".repeat(3_000_000)}1]`) });
  const modest = pool.load({ name: "modest.txt", bytes: bytesOf("fine") });
  await assert.rejects(greedy, { code: "unreadable", message: /greedy\.json.*more than 24 MB of memory/u });
  assert.equal((await modest).text, "fine");
  await pool.close();
});

test("a file above the size limit never reaches a worker", async () => {
  const pool = loadPool({ maxFileBytes: 10 });
  await assert.rejects(pool.load({ name: "big.txt", bytes: bytesOf("eleven bytes") }), { code: "too_large" });
  await pool.close();
});

test("an abort rejects with its reason and frees the place", async () => {
  const pool = loadPool({ workers: 1 });
  const abort = new AbortController();
  const loading = pool.load({ name: "a.md", bytes: bytesOf("# a\n\n".repeat(50_000)) }, { signal: abort.signal });
  const reason = new Error("enough");
  abort.abort(reason);
  await assert.rejects(loading, reason);
  assert.equal((await pool.load({ name: "b.txt", bytes: bytesOf("next") })).text, "next");
  await pool.close();
});

test("errors cross the thread with code and details", async () => {
  const pool = loadPool({ workers: 1 });
  await assert.rejects(pool.load({ name: "a.docx", bytes: bytesOf("no zip") }), {
    code: "unreadable",
    details: { name: "a.docx", reason: "its name says DOCX, its content does not" },
  });
  await pool.close();
});
