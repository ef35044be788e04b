import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Store } from "../../ports/store.ts";
import type { GraphChange } from "../../records.ts";
import { crashScope as scope, crashVersion, vectorOf } from "./crash-corpus.test.fixture.ts";
import { openEmbeddedStore } from "./index.ts";
import { indexDirectory } from "./workers/worker-settings.ts";

/** More chunks than an index without a file has. */
const documents = Array.from({ length: 600 }, (_none, number) => crashVersion(number));
const [first, second] = documents.map(({ graph }) => graph.mentions[0]!.entity) as [string, string];

const putAll = (store: Store) => Promise.all(documents.map((version) => store.documents.put(scope, version)));

async function edit({ graph }: Store, change: GraphChange): Promise<string> {
  const edits = await graph.edits(scope);
  const made = { edit_id: `e${edits.length}`, actor: "owner", created_at: "2026-01-01T00:00:00.000Z", change };
  return (await graph.edit(scope, made, edits.length)).edit_id;
}

/** What the index in memory says, and what the tables say. */
async function told({ graph, chunks }: Store): Promise<unknown> {
  const limits = { maxShared: 400, maxSubname: 400, maxPassages: 400 };
  const seeds = documents.slice(0, 9).flatMap((version) => version.chunks.map((chunk) => chunk.chunk_id));
  const links = await graph.links(scope, {
    seeds,
    titled: [second],
    except: [],
    filter: null,
    terms: ["walrus"],
    vector: vectorOf(3),
    ...limits,
  });
  const { candidates } = await chunks.search(scope, {
    vector: vectorOf(5),
    text: { query: "walrus n3" },
    filter: null,
    candidates: 20,
  });
  return {
    links,
    density: await graph.linkDensity(scope),
    count: await graph.count(scope),
    weights: await graph.weigh(scope, [first, second]),
    found: candidates.map(({ chunk, cosine, bm25 }) => [chunk.chunk_id, cosine, bm25]),
  };
}

test("an edit after a snapshot holds for the writer, a reader that follows, and whoever opens the folder again", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "hybridrag-edits-"));
  const directory = join(root, "lived");
  const opened: Store[] = [];
  const open = async (...args: Parameters<typeof openEmbeddedStore>) => {
    const store = await openEmbeddedStore(...args);
    opened.push(store);
    return store;
  };
  t.after(async () => {
    for (const store of opened) await store.close();
    await rm(root, { recursive: true, force: true });
  });
  const change = { kind: "merge", entity: first, into: second } as const;
  const writer = await open({ directory, readers: 1 });
  await putAll(writer);
  const before = await told(writer);
  while ((await readdir(indexDirectory(directory)).catch(() => [])).length === 0) await writer.settle();
  const follower = await open({ directory, access: "read", readers: 1 });
  assert.deepEqual(await told(follower), before);

  const id = await edit(writer, change);
  const pure = await open({ directory: join(root, "pure"), readers: 1 });
  await edit(pure, change);
  await putAll(pure);
  const edited = await told(pure);
  assert.notDeepEqual(edited, before);
  assert.deepEqual(await told(writer), edited);
  assert.deepEqual(await told(follower), edited);
  await writer.close();
  const again = await open({ directory, readers: 1 });
  assert.deepEqual(await told(again), edited);
  await edit(again, { kind: "undo", edit_id: id });
  assert.deepEqual(await told(again), before);
  assert.deepEqual(await told(follower), before);
});
