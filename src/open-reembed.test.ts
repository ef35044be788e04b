import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test, type TestContext } from "node:test";
import { loadConfig } from "./config/config.ts";
import { reembed, type ReembedSummary } from "./ingest/reembed.ts";
import { discardIndexes, reembedIndex, rollBackIndex } from "./open-reembed.ts";
import type { Embedder } from "./ports/embedder.ts";
import { answersOf, fill, former, identityOf, latter, tenants } from "./reembed-world.test.fixture.ts";
import { openEmbeddedStore, type EmbeddedStore, type EmbeddedStoreOptions } from "./stores/embedded/index.ts";

let folder: string;
let fresh: unknown;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "hybridrag-reembed-"));
  for (const embedder of [former, latter]) {
    const store = await openEmbeddedStore({ directory: join(folder, String(embedder.dimensions)) });
    await fill(store, embedder);
    if (embedder === latter) fresh = await answersOf(store, latter);
    await store.close();
  }
});
after(() => rm(folder, { recursive: true, force: true }));

/** A copy of the folder that the former embedder made. */
async function copyFor(t: TestContext): Promise<string> {
  const directory = join(folder, t.name.replaceAll(/\W+/g, "-"));
  await cp(join(folder, String(former.dimensions)), directory, { recursive: true });
  return directory;
}

async function using<T>(
  directory: string,
  run: (store: EmbeddedStore) => Promise<T>,
  options: Partial<EmbeddedStoreOptions> = {},
): Promise<T> {
  const store = await openEmbeddedStore({ directory, readers: 1, ...options });
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}

const anew = (directory: string, embedder: Embedder): Promise<ReembedSummary> =>
  using(directory, async (store) => {
    const shadow = await store.generations.shadow(identityOf(embedder));
    try {
      return await reembed(shadow, embedder, identityOf(embedder), { now: () => performance.now() });
    } finally {
      await shadow.close();
    }
  });

const answers = (directory: string, embedder: Embedder): Promise<unknown> =>
  using(directory, (store) => answersOf(store, embedder), { access: "read" });

test("an index made anew answers as one that was ingested with the new embedder, for every tenant", async (t) => {
  const directory = await copyFor(t);
  const before = await answers(directory, former);
  const reader = await openEmbeddedStore({ directory, access: "read", readers: 1 });
  t.after(() => reader.close());
  const summary = await anew(directory, latter);
  assert.ok(summary.chunks > 20 && summary.memories === 12);
  assert.equal(summary.embedded, summary.chunks + summary.memories);
  assert.equal(summary.longer_than_limit, 0);
  assert.deepEqual(await answers(directory, latter), fresh);
  assert.deepEqual(await answersOf(reader, former), before, "who had the old index open keeps it");
  await using(directory, (store) => store.prepare(identityOf(latter)));
});

test("what is ingested again afterwards is not embedded again", async (t) => {
  const directory = await copyFor(t);
  await anew(directory, latter);
  await using(directory, async (store) => {
    const hashes = async (other: EmbeddedStore) =>
      Promise.all(
        (await other.documents.list(tenants[0]!, { limit: 9 })).items.map(async ({ document_id }) =>
          [...(await other.chunks.vectors(tenants[0]!, document_id)).keys()].toSorted(),
        ),
      );
    const ingested = await using(join(folder, String(latter.dimensions)), hashes);
    assert.deepEqual(await hashes(store), ingested);
  });
});

test("killed at any moment it goes on where it was, and the index in use stays whole", async (t) => {
  const directory = await copyFor(t);
  const before = await answers(directory, former);
  const script = new URL("./reembed-child.test.fixture.js", import.meta.url).pathname;
  let kept = 0;
  for (const lines of [1, 3, 2]) {
    const child = spawn(process.execPath, [script, directory], { stdio: ["ignore", "pipe", "inherit"] });
    const seen: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      seen.push(Number(line.split(" ")[1]));
      if (seen.length === lines) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    assert.ok(seen[0]! > kept && seen[0]! <= kept + 8, `went on at ${seen[0]} after ${kept}`);
    kept = seen.at(-1)!;
    assert.deepEqual(await answers(directory, former), before);
  }
  const summary = await anew(directory, latter);
  assert.ok(summary.embedded <= summary.chunks + summary.memories - kept);
  assert.deepEqual(await answers(directory, latter), fresh);
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.startsWith("reembed-")).length,
    1,
    "nothing unfinished is left",
  );
});

test("what was written between two runs is in the new index too", async (t) => {
  const directory = await copyFor(t);
  const stop = new AbortController();
  await using(directory, async (store) => {
    const shadow = await store.generations.shadow(identityOf(latter));
    const small = { ...latter, limits: { items: 4, tokens: 1000, parallel: 1 } };
    const onProgress = () => stop.abort();
    const run = reembed(shadow, small, identityOf(latter), { now: Date.now, signal: stop.signal, onProgress });
    await assert.rejects(run, { name: "AbortError" });
    await shadow.close();
    await store.documents.delete(
      tenants[1]!,
      (await store.documents.list(tenants[1]!, { limit: 1 })).items[0]!.document_id,
    );
    await store.caches.set(tenants[0]!, "space", "key", "later", null);
  });
  await anew(directory, latter);
  await using(directory, async (store) => {
    assert.equal((await store.documents.count(tenants[1]!)).documents, 5);
    assert.equal(await store.caches.get(tenants[0]!, "space", "key"), "later");
  });
});

test("rollback goes back, a second one takes that back, and a discarded index is gone", async (t) => {
  const directory = await copyFor(t);
  const { config } = loadConfig({ flags: { data_dir: directory }, environment: {} });
  await assert.rejects(rollBackIndex(config), { code: "not_found" });
  const before = await answers(directory, former);
  await anew(directory, latter);
  await rollBackIndex(config);
  assert.deepEqual(await answers(directory, former), before);
  await rollBackIndex(config);
  assert.deepEqual(await answers(directory, latter), fresh);
  assert.equal(await discardIndexes(config), 1);
  await assert.rejects(rollBackIndex(config), { code: "not_found" });
  assert.deepEqual(await answers(directory, latter), fresh);
  assert.ok(!(await readdir(directory)).includes("hybridrag.sqlite"));
  await anew(directory, former);
  assert.deepEqual(await answers(directory, former), before);
});

test("a second writer is refused meanwhile, and nothing is put in use while vectors are missing", async (t) => {
  const directory = await copyFor(t);
  await using(directory, async (store) => {
    const shadow = await store.generations.shadow(identityOf(latter));
    await assert.rejects(openEmbeddedStore({ directory }), { code: "data_locked" });
    await assert.rejects(shadow.activate(identityOf(latter)), { code: "conflict" });
    await shadow.close();
  });
});

test("a passage that the new embedder does not read to its end is counted", async (t) => {
  const directory = await copyFor(t);
  const { chunks, longer_than_limit } = await anew(directory, { ...latter, maxTokens: 20 });
  assert.ok(longer_than_limit > 0 && longer_than_limit <= chunks);
});

test("the refusal of another embedder names the command, which mends it", async (t) => {
  const directory = await copyFor(t);
  const refusal = { code: "index_mismatch", message: /hybridrag indexes reembed/ };
  for (const access of ["write", "read"] as const) {
    await using(directory, (store) => assert.rejects(store.prepare(identityOf(latter)), refusal), { access });
  }
  const { config } = loadConfig({ flags: { data_dir: directory, embedder: "none" }, environment: {} });
  const options = { now: () => performance.now() };
  assert.equal((await reembedIndex(config, options)).outcome, "reembedded");
  assert.equal((await reembedIndex(config, options)).outcome, "unchanged");
  const other = loadConfig({ flags: { data_dir: directory, embedder: "none", chunk_tokens: 50 }, environment: {} });
  assert.equal((await reembedIndex(other.config, options)).outcome, "adopted");
});
