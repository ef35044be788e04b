import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startServerProcess } from "../testing/production/server-process.ts";

test("beside a service that writes, another answers from the same folder and takes no writes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-read-only-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const settings = { HYBRIDRAG_EMBEDDER: "none", HYBRIDRAG_DRAIN_DELAY_MS: "0" };
  const writer = await startServerProcess(folder, settings, ["--dev"]);
  t.after(() => writer.kill());
  const reader = await startServerProcess(folder, settings, ["--dev", "--read-only"]);
  t.after(() => reader.kill());
  const post = async (url: string, path: string, body: object) => {
    const answer = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const documents = [{ source: "birds.md", text: "The puffin colony counted 412 burrows." }];

  const refused = await post(reader.url, "/v1/ingest", { documents });
  assert.deepEqual([refused.status, refused.body["code"]], [503, "data_locked"]);
  assert.equal((await post(writer.url, "/v1/ingest", { documents })).status, 202);
  const found = async (): Promise<number> =>
    ((await post(reader.url, "/v1/search", { query: "puffin" })).body["results"] as unknown[]).length;
  while ((await found()) === 0) await sleep(50);
  assert.equal((await post(reader.url, "/v1/query", { query: "How many burrows?" })).status, 200);
  assert.equal((await fetch(`${reader.url}/readyz`)).status, 200);
});
