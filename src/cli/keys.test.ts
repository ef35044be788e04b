import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand, startServerProcess } from "../testing/production/server-process.ts";

interface Made {
  readonly key: string;
  readonly key_id: string;
}

test("keys are made by the store before the service runs, and through the service while it does", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-keys-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const settings = { HYBRIDRAG_EMBEDDER: "none", HYBRIDRAG_KEY_PEPPER: "p".repeat(32), HYBRIDRAG_DRAIN_DELAY_MS: "0" };
  const create = ["keys", "create", "--name"];
  const first = (await runCommand(folder, [...create, "first", "--scopes", "admin"], settings)) as Made;
  const service = await startServerProcess(folder, settings);
  t.after(() => service.kill());

  const locked = /data_locked.*--server http:.*HYBRIDRAG_API_KEY/;
  await assert.rejects(runCommand(folder, [...create, "second"], settings), locked);
  const server = ["--server", service.url];
  await assert.rejects(
    runCommand(folder, [...create, "second", ...server], settings),
    /admin key in HYBRIDRAG_API_KEY/,
  );

  const asAdmin = { ...settings, HYBRIDRAG_API_KEY: first.key };
  const second = (await runCommand(folder, [...create, "second", "--days", "3", ...server], asAdmin)) as Made;
  const search = () =>
    fetch(`${service.url}/v1/search`, {
      method: "POST",
      headers: { authorization: `Bearer ${second.key}`, "content-type": "application/json" },
      body: '{"query":"x"}',
    }).then(({ status }) => status);
  assert.equal(await search(), 200);
  const listed = (await runCommand(folder, ["keys", "list", ...server], asAdmin)) as { keys: { name: string }[] };
  assert.deepEqual(listed.keys.map(({ name }) => name).toSorted(), ["first", "second"]);
  await runCommand(folder, ["keys", "revoke", second.key_id, ...server], asAdmin);
  assert.equal(await search(), 401);
  await assert.rejects(runCommand(folder, ["keys", "revoke", second.key_id, ...server], asAdmin), /or it is revoked/);
});
