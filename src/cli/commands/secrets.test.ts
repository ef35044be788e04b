import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const bin = new URL("../bin.js", import.meta.url).pathname;

test("secrets are set from standard input, listed masked, read again, and rotated", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cli-secrets-"));
  const run = (args: readonly string[], key?: string, input = "") => {
    const env = { PATH: process.env["PATH"], ...(key === undefined ? {} : { ENCRYPTION_KEY: key }) };
    const all = [bin, "secrets", ...args, "--json", "--data", folder];
    const { stdout, stderr, status } = spawnSync(process.execPath, all, { env, input, encoding: "utf8", cwd: folder });
    return { status, stderr, stdout, json: stdout === "" ? null : JSON.parse(stdout) };
  };
  try {
    const first = run(["rotate"]).json.encryption_key as string;
    const value = "pa-abcdefghijklmnopqrst";
    const stored = run(["set", "VOYAGE_API_KEY"], first, `${value}\n`);
    assert.ok(stored.status === 0 && !stored.stdout.includes(value));
    const listed = run(["list"], first);
    assert.deepEqual(listed.json.secrets[0], { name: "VOYAGE_API_KEY", origin: "file", value: "pa-a…qrst" });
    const second = run(["rotate"], first).json.encryption_key as string;
    assert.equal(run(["get", "VOYAGE_API_KEY", "--reveal"], second).json.value, value);
    const old = run(["get", "VOYAGE_API_KEY"], first);
    assert.ok(old.status === 2 && /ENCRYPTION_KEY/.test(old.stderr) && !old.stderr.includes(first));
    assert.equal(run(["delete", "VOYAGE_API_KEY"], second).status, 0);
    assert.equal(run(["get", "VOYAGE_API_KEY"], second).status, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
