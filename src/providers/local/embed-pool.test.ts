import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openEmbedPool, type EmbedPool } from "./embed-pool.ts";
import type { EmbedWorkerStart } from "./embed-worker.ts";

const folder = await mkdtemp(join(tmpdir(), "hybridrag-pool-"));
const pools: EmbedPool[] = [];
after(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await rm(folder, { recursive: true });
});

/** A worker that embeds a token as itself, and ends at 13. A file says how many workers may still start. */
const script = (starts: string): string => `
  import { readFileSync, writeFileSync } from "node:fs";
  const left = Number(readFileSync(${JSON.stringify(starts)}, "utf8"));
  writeFileSync(${JSON.stringify(starts)}, String(left - 1));
  if (left <= 0) process.exit(1);
  process.once("disconnect", () => process.exit());
  process.once("message", () => {
    process.on("message", ({ id, tokens }) => {
      if (tokens[0] === 13) process.exit(1);
      process.send({ kind: "vector", id, vector: Float32Array.from(tokens) });
    });
    process.send({ kind: "ready", report: { engine: "portable", dtype: "fp32", origin: "built", reason: null } });
  });
`;

async function openWith(starts: number, size: number): Promise<EmbedPool> {
  const place = await mkdtemp(join(folder, "worker-"));
  const path = join(place, "worker.mjs");
  await writeFile(join(place, "starts"), String(starts));
  await writeFile(path, script(join(place, "starts")));
  const pool = await openEmbedPool({} as EmbedWorkerStart, size, pathToFileURL(path));
  pools.push(pool);
  return pool;
}

const job = (token: number): { urgent: boolean; tokens: () => Int32Array } => ({
  urgent: false,
  tokens: () => Int32Array.of(token),
});

test("a worker that dies fails what it held, and the next one does the rest", async () => {
  const pool = await openWith(2, 1);
  const results = await Promise.allSettled([13, 1, 2, 3].map((token) => pool.run(job(token))));
  assert.deepEqual(
    results.map((result) => result.status),
    ["rejected", "rejected", "fulfilled", "fulfilled"],
  );
  const failure = results[0] as PromiseRejectedResult;
  assert.equal(failure.reason.code, "provider_failed");
  assert.equal(failure.reason.retryable, true);
});

test("when no worker starts any more, what waits is refused and nothing is tried for ever", async () => {
  const pool = await openWith(1, 2);
  const results = await Promise.allSettled([13, 1, 2, 3].map((token) => pool.run(job(token))));
  assert.ok(results.every((result) => result.status === "rejected" && result.reason.code === "provider_failed"));
});

test("answers keep to their texts with several workers", async () => {
  const pool = await openWith(3, 3);
  const tokens = Array.from({ length: 200 }, (_, index) => index + 100);
  const vectors = await Promise.all(tokens.map((token) => pool.run(job(token))));
  assert.deepEqual(
    vectors,
    tokens.map((token) => Float32Array.of(token)),
  );
});

test("a text whose call was aborted while it waited is never handed out", async () => {
  const pool = await openWith(1, 1);
  const controller = new AbortController();
  const running = [1, 2].map((token) => pool.run(job(token)));
  let asked = false;
  const tokens = (): Int32Array => {
    asked = true;
    return Int32Array.of(3);
  };
  const waiting = pool.run({ urgent: false, tokens, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await Promise.all(running);
  assert.equal(asked, false);
});

test("a pool whose first worker does not start rejects", async () => {
  await assert.rejects(openWith(0, 1), { code: "provider_failed" });
});
