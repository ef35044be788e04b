import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import type { Store } from "../../ports/store.ts";
import { crashScope, crashVersion, vectorOf } from "./crash-corpus.test.fixture.ts";
import { openEmbeddedStore } from "./index.ts";
import { indexDirectory } from "./workers/worker-settings.ts";

const kills = 20;

interface Told {
  readonly put: Set<number>;
  readonly deleted: Set<number>;
}

/** Lets a child write and kills it, without warning, once it has told so many lines. */
async function writeUntilKilled(directory: string, first: number, lines: number, told: Told): Promise<void> {
  const script = new URL("./crash-child.test.fixture.js", import.meta.url);
  const child = spawn(process.execPath, [script.pathname, directory, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let count = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    const [what, number] = line.split(" ");
    told[what as keyof Told].add(Number(number));
    count += 1;
    if (count === lines) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** A generator of numbers from 0 to 1 that anyone can repeat (Park and Miller, 1988). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

async function openFolder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-crash-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** What a user sees: documents, hits with scores and moments, names, statements. */
async function answersOf(store: Store): Promise<unknown> {
  const documents = await store.documents.list(crashScope, { limit: 10_000 });
  const searches = await Promise.all(
    ["walrus heron", "otter lynx", "marten"].map((query, seed) =>
      store.chunks.search(crashScope, { vector: vectorOf(seed), text: { query }, filter: null, candidates: 20 }),
    ),
  );
  return {
    documents: documents.items.map((document) => [document.document_id, document.chunks]),
    searches: searches.map(({ candidates, vector, text, allowed }) => ({
      candidates: candidates
        .map((hit) => [hit.chunk.chunk_id, hit.cosine, hit.bm25, hit.vectorRank, hit.textRank])
        .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
      moments: [vector?.moments, text?.moments],
      allowed,
    })),
    entities: (await store.graph.list(crashScope, { limit: 100 })).items,
    graph: await store.graph.count(crashScope),
  };
}

test("a kill at any moment loses nothing acknowledged, doubles nothing, and leaves indexes that equal a rebuild", async (t) => {
  const directory = await openFolder(t);
  const random = seeded(20_261_125);
  const told: Told = { put: new Set(), deleted: new Set() };
  let next = 0;
  for (let kill = 0; kill < kills; kill++) {
    await writeUntilKilled(directory, next, 1 + Math.floor(random() * 40), told);
    next = Math.ceil((Math.max(0, ...told.put) + 8) / 8) * 8;
  }
  const store = await openEmbeddedStore({ directory });
  const present = new Set((await store.documents.list(crashScope, { limit: 10_000 })).items.map((d) => d.document_id));
  for (const number of told.put) {
    const id = `d${number}`;
    if (told.deleted.has(number)) assert.ok(!present.has(id), `${id} was deleted`);
    // A deletion may have been done and not told.
    else if (number % 8 !== 0) assert.ok(present.has(id), `${id} was acknowledged`);
  }
  for (const id of present) {
    const chunks = await store.chunks.ofDocument(crashScope, id);
    const version = crashVersion(Number(id.slice(1)));
    assert.deepEqual(
      chunks.map((chunk) => chunk.chunk_id),
      version.chunks.map((chunk) => chunk.chunk_id),
    );
  }
  const lived = await answersOf(store);
  await store.close();

  await rm(indexDirectory(directory), { recursive: true, force: true });
  const rebuilt = await openEmbeddedStore({ directory });
  assert.deepEqual(await answersOf(rebuilt), lived);
  await rebuilt.close();

  const pure = await openEmbeddedStore({ directory: await openFolder(t) });
  for (const id of [...present].toReversed()) await pure.documents.put(crashScope, crashVersion(Number(id.slice(1))));
  assert.deepEqual(await answersOf(pure), lived);
  await pure.close();
});
