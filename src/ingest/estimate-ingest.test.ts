import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ownerScope } from "../scope.ts";
import { wordEmbedder } from "../testing/fake-models.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { estimateIngest } from "./estimate-ingest.ts";
import { ingest } from "./ingest.ts";
import { loadPool, type LoadPool } from "./load/load-pool.ts";
import { namelessExtractor } from "./nameless-extractor.test.fixture.ts";

let pool: LoadPool;
before(() => void (pool = loadPool({ workers: 1 })));
after(() => pool.close());

const scope = ownerScope("acme");
const options = { scope, cwd: process.cwd() };
const memo = (name: string, text: string) => ({ source: name, bytes: Buffer.from(text), mime: "text/plain" });
const extractor = namelessExtractor("none/1");

test("says what an ingest would take, writes and embeds nothing, and counts only what is new", async () => {
  const store = openMemoryStore();
  const bare = wordEmbedder();
  const embedded: string[] = [];
  const embedder = {
    ...bare,
    embed: (texts: readonly string[], request: Parameters<typeof bare.embed>[1]) => {
      embedded.push(...texts);
      return bare.embed(texts, request);
    },
  };
  const dependencies = { store, embedder, extractor, pool, now: () => performance.now() };
  const sources = [memo("a.txt", "Ducks eat pond weed."), memo("b.txt", "The invoice is due in March.")];
  const before = await estimateIngest(sources, dependencies, options);
  assert.deepEqual([before.documents, before.chunks, before.texts, before.calls], [2, 2, 2, 1]);
  assert.deepEqual([embedded, (await store.documents.count(scope)).documents], [[], 0]);

  for await (const _ of ingest(sources, dependencies, options)) void _;
  assert.equal(before.texts, embedded.length);
  assert.equal(
    before.tokens,
    embedded.reduce((sum, text) => sum + bare.countTokens(text), 0),
  );

  const changed = [sources[0]!, memo("b.txt", "The invoice is due in April.")];
  const again = await estimateIngest(changed, dependencies, options);
  assert.deepEqual([again.documents, again.texts], [1, 1]);
});
