import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { readCommand, startAll } from "./run.ts";

const main = new URL("main.js", import.meta.url).pathname;

test("prints one line of settings when all are ready, answers, and ends on SIGTERM", async () => {
  const child = spawn(process.execPath, [main, "voyage", "anthropic"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const settings = JSON.parse(line) as Record<string, string>;
    assert.deepEqual(Object.keys(settings).sort(), [
      "ANTHROPIC_API_KEY",
      "ANTHROPIC_BASE_URL",
      "VOYAGE_API_KEY",
      "VOYAGE_BASE_URL",
    ]);
    assert.ok((settings["VOYAGE_API_KEY"] ?? "").length > 16);
    const answer = await fetch(`${settings["VOYAGE_BASE_URL"]}/embeddings`, {
      method: "POST",
      headers: { authorization: `Bearer ${settings["VOYAGE_API_KEY"]}`, "content-type": "application/json" },
      body: JSON.stringify({ input: ["a duck"], model: "voyage-4-large" }),
    });
    assert.equal(answer.status, 200);
    await answer.json();
  } finally {
    child.kill("SIGTERM");
  }
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 0);
});

test(
  "ends when the one who started it dies, even through a shell",
  { skip: process.platform !== "linux" },
  async () => {
    const shell = spawn("sh", ["-c", `${process.execPath} ${main} voyage; :`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface(shell.stdout);
    const settings = JSON.parse(((await once(lines, "line")) as [string])[0]) as Record<string, string>;
    shell.kill("SIGKILL");
    // The pipe closes when its last holder, the server, is gone.
    await once(lines, "close");
    await assert.rejects(fetch(`${settings["VOYAGE_BASE_URL"]}/__health`));
  },
);

test("reads names and flags in any order", () => {
  assert.deepEqual(readCommand(["mongodb", "--profile", "atlas", "voyage", "--members=3"]), {
    names: ["mongodb", "voyage"],
    flags: { profile: "atlas", members: "3" },
  });
});

test("an unknown name starts nothing and lists the known ones", () =>
  assert.rejects(startAll({ names: ["voyage", "vioge"], flags: {} }), /voyage, anthropic, openai.*Unknown: vioge/));
