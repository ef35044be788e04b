import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ingest } from "../../ingest/ingest.ts";
import { loadPool } from "../../ingest/load/load-pool.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { ownerScope } from "../../scope.ts";
import { wordEmbedder } from "../../testing/fake-models.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("acme");
const count = 40;
const sources = Array.from({ length: count }, (_, index) => ({
  source: `${index}.md`,
  name: `${index}.md`,
  mime: "text/markdown",
  bytes: new TextEncoder().encode(`# Bird ${index}\n\nThe heron number ${index} nests beside the otter.`),
}));

/** Two stores on one database, as two processes have them, and every text that either embeds. */
async function world(t: TestContext) {
  const server = await startMongoServer({});
  const pool = loadPool({ workers: 1 });
  t.after(async () => {
    await pool.close();
    await server.close();
  });
  const inner = wordEmbedder({ dimensions: 16, maxTokens: 60 });
  const embedded: string[] = [];
  const embedder: Embedder = {
    ...inner,
    limits: { items: 4, tokens: 1000, parallel: 1 },
    embed: async (texts, options) => {
      await new Promise(setImmediate);
      embedded.push(...texts);
      return inner.embed(texts, options);
    },
  };
  const open = async () => {
    const store = await openMongoStore({ uri: server.uri });
    t.after(() => store.close());
    return store;
  };
  const run = async (signal?: AbortSignal): Promise<Record<string, number>> => {
    const dependencies = { store: await open(), embedder, extractor: null, pool, now: () => performance.now() };
    const outcomes: Record<string, number> = {};
    for await (const event of ingest(sources, dependencies, { scope, cwd: "/", signal })) {
      if (event.type === "file") outcomes[event.result.outcome] = (outcomes[event.result.outcome] ?? 0) + 1;
    }
    return outcomes;
  };
  return { open, run, embedded };
}

test("two processes that ingest the same documents at once make each of them once", async (t) => {
  const { open, run, embedded } = await world(t);
  const [one, other] = await Promise.all([run(), run()]);
  const sum = (name: string): number => (one[name] ?? 0) + (other[name] ?? 0);
  assert.deepEqual([sum("indexed"), sum("unchanged")], [count, count], JSON.stringify([one, other]));
  assert.equal(new Set(embedded).size, embedded.length, "nothing is embedded twice");
  const store = await open();
  const { items } = await store.documents.list(scope, { limit: 100 });
  assert.deepEqual([...new Set(items.map(({ version }) => version))], [1]);
  assert.equal(items.length, count);
  assert.deepEqual(await run(), { unchanged: count });
});

test("what a run that was stopped had claimed is made by the next at once", async (t) => {
  const { open, run } = await world(t);
  const store = await open();
  await store.prepare({ embedder: "x", dimensions: 16, chunker: "y" });
  const other = new AbortController();
  const stopped = run(other.signal);
  setImmediate(() => other.abort());
  await stopped;
  const left = await run();
  assert.equal((left["indexed"] ?? 0) + (left["unchanged"] ?? 0), count);
});
