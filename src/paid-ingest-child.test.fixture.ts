import { appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { loadConfig } from "./config/config.ts";
import { ingest } from "./ingest/ingest.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import { openModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import { ownerScope } from "./scope.ts";
import { openEmbeddedStore } from "./stores/embedded/index.ts";

/**
 * Ingests with a paid embedder in small calls and notes, in the instant in which it has them, the texts of each answer;
 * the parent ends it at any moment.
 */
const [directory, log, parallel] = process.argv.slice(2);
const scope = ownerScope("t");

const noting: typeof fetch = async (url, init) => {
  const response = await fetch(url, init);
  const body = await response.arrayBuffer();
  if (response.status === 200) {
    const { input } = JSON.parse(String(init?.body)) as { readonly input: readonly string[] };
    appendFileSync(log!, input.map((text) => `${JSON.stringify(text)}\n`).join(""));
  }
  return new Response(body, { status: response.status, headers: response.headers });
};

const { config } = loadConfig({ directory: tmpdir() });
const store = await openEmbeddedStore({ directory: directory! });
const secrets = openSecrets(config, noting);
const around = { secrets, fetch: noting, caches: () => store.caches, scope: () => scope, run: "r" };
const { embedder } = await openModels(config, around);
const small = { ...embedder!, limits: { items: 2, tokens: 4000, parallel: Number(parallel) } };
const pool = loadPool({ workers: 1 });
const documents = Array.from({ length: 80 }, (_none, number) => {
  const lines = Array.from(
    { length: 6 },
    (_line, at) => `On day ${at} pond ${number} held ${number * at} ducks and a heron.`,
  );
  return {
    source: `pond-${number}.txt`,
    name: `pond-${number}.txt`,
    bytes: new TextEncoder().encode(lines.join("\n\n")),
  };
});
const parts = { store, embedder: small, extractor: null, pool, now: () => performance.now() };
for await (const _event of ingest(documents, parts, { scope, cwd: "/" }));
await pool.close();
await store.close();
process.stdout.write("done\n");
