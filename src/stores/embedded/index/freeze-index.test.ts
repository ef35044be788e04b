import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crashScope, crashVersion, vectorOf } from "../crash-corpus.test.fixture.ts";
import { openEmbeddedStore, type EmbeddedStore } from "../index.ts";
import { findChunks } from "../search/search-chunks.ts";
import { questionWords } from "../../../walk/coverage.ts";
import { openDatabase } from "../sqlite/database.ts";
import type { ReadContext } from "../workers/context.ts";
import { databasePath, indexDirectory } from "../workers/worker-settings.ts";
import { freezeIndex } from "./freeze-index.ts";
import { indexAnalyzer, type IndexBase } from "./index-base.ts";
import { snapshotFiles } from "./snapshot-files.ts";
import { tenantIndexes } from "./tenant-indexes.ts";

/** What a reader's thread holds, here; `told` are the passages that came from a file. */
function readerOf(directory: string, offered: IndexBase | null) {
  const analyzer = indexAnalyzer();
  const onDisk = snapshotFiles(indexDirectory(directory), analyzer.fingerprint);
  const shared: IndexBase[] = [];
  let told = 0;
  const files = {
    ...onDisk,
    readPassages: (...request: Parameters<typeof onDisk.readPassages>) => {
      const passages = onDisk.readPassages(...request);
      told += passages.size;
      return passages;
    },
  };
  const indexes = tenantIndexes({ analyzer, files, onBase: () => undefined, most: 4 });
  if (offered) indexes.adopt(offered);
  const db = openDatabase({ path: databasePath(directory), readOnly: true, durability: "normal" });
  const share = (base: IndexBase): void => void shared.push(base);
  const context: ReadContext = {
    db,
    now: 0,
    analyzer,
    words: questionWords((text) => analyzer.analyze(text)),
    indexes,
    files,
    share,
    transfer: [],
  };
  return {
    shared,
    told: () => told,
    freeze: (bitsFrom: number) => db.transaction("read", () => freezeIndex(context, crashScope.tenant, 0, bitsFrom)),
    ask: () => db.transaction("read", () => [1, 2, 3].map((seed) => answerOf(context, seed))),
    close: () => db.close(),
  };
}

function answerOf(context: ReadContext, seed: number) {
  const text = { query: `walrus otter n${seed}` };
  const request = { vector: vectorOf(seed), text, filter: null, candidates: 5, withVectors: true };
  const { candidates, vector, text: words } = findChunks(context, crashScope, request);
  const { chunks, cosines, bm25s, vectorRanks, textRanks, vectors } = candidates;
  const hits = chunks.map(({ chunk_id, document_id }, at) => {
    const stored = vectors?.values.subarray(at * 8, (at + 1) * 8);
    return [chunk_id, document_id, cosines[at], bm25s[at], vectorRanks[at], textRanks[at], ...(stored ?? [])].join(" ");
  });
  return { hits: hits.toSorted(), matched: words?.matched, counted: vector?.moments?.count };
}

test("a base with bits and a file of passages answers as the database does, also after further writes", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-freeze-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const written = async (write: (store: EmbeddedStore) => Promise<unknown>): Promise<void> => {
    const store = await openEmbeddedStore({ directory });
    await store.prepare({ embedder: "given", dimensions: 8, chunker: "given" });
    await write(store);
    await store.close();
  };
  const put = (store: EmbeddedStore, from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_none, at) => store.documents.put(crashScope, crashVersion(from + at))),
    );
  await written((store) => put(store, 0, 550));

  const plain = readerOf(directory, null);
  assert.ok(plain.freeze(1000));
  const [base] = plain.shared;
  assert.ok(base?.bits);
  const quick = readerOf(directory, base);
  assert.deepEqual(quick.ask(), plain.ask());
  assert.deepEqual([plain.told(), quick.told() > 20], [0, true]);

  await written(async (store) => {
    await put(store, 550, 560);
    await store.documents.delete(crashScope, "d1");
  });
  assert.deepEqual(quick.ask(), plain.ask());
  plain.close();
  quick.close();
});
