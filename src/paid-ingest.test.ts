import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { voyageStandin } from "./testing/standins/index.ts";

const script = new URL("./paid-ingest-child.test.fixture.js", import.meta.url).pathname;

/** Voyage's stand-in behind a door that tells of each call, before the stand-in sees it. */
async function paidWorld(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-paid-"));
  const voyage = await voyageStandin({ latencyMs: 15 });
  let onCall: () => void = () => undefined;
  const door = createServer((incoming, outgoing) => {
    onCall();
    const { method, headers } = incoming;
    const target = new URL(voyage.url.replace(/\/v1$/, "") + incoming.url);
    const onward = request(target, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    door.closeAllConnections();
    door.close();
    await voyage.close();
    await rm(folder, { recursive: true, force: true });
  });
  const base = `http://127.0.0.1:${(door.address() as AddressInfo).port}/v1`;
  const log = join(folder, "received");

  /** Ends without warning in the instant of the given call. @returns whether it was done before. */
  async function run(killAtCall: number, parallel: number): Promise<boolean> {
    const child = spawn(process.execPath, [script, join(folder, "data"), log, String(parallel)], {
      env: {
        PATH: process.env["PATH"],
        ...voyage.environment,
        VOYAGE_BASE_URL: base,
        HYBRIDRAG_LANGUAGE_MODEL: "none",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let calls = 0;
    onCall = () => void (++calls === killAtCall && child.kill("SIGKILL"));
    let said = "";
    child.stdout.on("data", (data) => (said += String(data)));
    await once(child, "close");
    return said.includes("done");
  }

  const received = async (): Promise<readonly string[]> => (await readFile(log, "utf8")).trim().split("\n");
  return { run, received };
}

test("an ingest that is killed at any of its calls pays for no text again that was answered before", async (t) => {
  const { run, received } = await paidWorld(t);
  for (const call of [2, 7, 4]) assert.equal(await run(call, 1), false);
  assert.equal(await run(Infinity, 1), true);
  const texts = await received();
  assert.ok(texts.length > 60, String(texts.length));
  assert.equal(texts.length - new Set(texts).size, 0);
});
