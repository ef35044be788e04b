import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isInstalled } from "./certificate.ts";

const demo = fileURLToPath(new URL("demo.js", import.meta.url));

/** In a process group of its own, so that whatever it leaves behind can be found. */
async function run(environment: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [demo], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { out, err, code: code as number | null, group: child.pid! };
}

test("the production demo answers over HTTPS, shows metrics and the trace with its price, and leaves nothing behind", async (t) => {
  if (!["nginx", "openssl"].every(isInstalled)) return t.skip("nginx or openssl is not installed");
  const { out, err, code, group } = await run(process.env);
  assert.equal(code, 0, `${out}\n${err}`);
  for (const expected of [
    /https:\/\/127\.0\.0\.1:\d+\/v1\/query/,
    /1,312/,
    /\[1\] Seabird survey 2025 .*characters \d+–\d+/,
    /hybridrag_search_requests_total\{search_type="answer",status="success"\} 1/,
    /hybridrag_pool_connections\{state="open"\} [1-9]/,
    /hybridrag_index_ready\{index="vector_knn_index"\} 3/,
    /hybridrag_index_ready\{index="default"\} 3/,
    /hybridrag_provider_calls_total\{provider="anthropic",operation="generate",outcome="success"\} 1/,
    /exit codes 0, 0, 0/,
    /hybridrag\.ask +\d+ ms {2}\d+ \+ \d+ tokens, \$0\.0\d+, evidence: answer/,
    /chat claude-\S+ +\d+ ms {2}\d+ \+ \d+ tokens, \$0\.0\d+/,
    /rerank rerank-2\.5 +\d+ ms/,
    /score evidence: answer/,
    /MONGODB_URI +mongodb\+srv/,
  ])
    assert.match(out, expected);
  assert.throws(() => process.kill(-group, 0), { code: "ESRCH" }, "a process is left");
});

test("without nginx the production demo says how to get it", async () => {
  const { err, code } = await run({ PATH: "/nowhere" });
  assert.equal(code, 1);
  assert.match(err, /apt-get install --no-install-recommends nginx openssl/);
});
