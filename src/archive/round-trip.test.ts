import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { archived, build, fixedWorld, folder, linesOf, preparedMemoryStore, world } from "./world.test.fixture.ts";
import { exportArchive, importArchive } from "./index.ts";

const scope = ownerScope("acme");

/** Moves a tenant into another store; what that then holds must be the same, line by line. */
async function move(from: Store, to: Store, path: string): Promise<readonly string[]> {
  const before = await archived(from, scope, path);
  await importArchive({ store: to, scope, path });
  const after = await archived(to, scope, `${path}.back`);
  assert.deepEqual(after, before);
  return after;
}

describe("moving a tenant", () => {
  test("from the reference into the embedded engine and back, any tenant is the same, record by record", async (t) => {
    const directory = await folder(t);
    const embedded = await openEmbeddedStore({ directory });
    t.after(() => embedded.close());
    await embedded.prepare(contractIdentity);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(world(), async (example) => {
        const own = ownerScope(`tenant-${run++}`);
        const path = join(directory, `${run}.archive`);
        const [start, end] = [await preparedMemoryStore(), await preparedMemoryStore()];
        await build(start, own, example);
        const before = await archived(start, own, path);
        await importArchive({ store: embedded, scope: own, path });
        assert.deepEqual(await archived(embedded, own, path), before);
        await importArchive({ store: end, scope: own, path });
        assert.deepEqual(await archived(end, own, path), before);
      }),
      { numRuns: 25 },
    );
  });

  test("from the embedded engine to MongoDB and back, whether a version fits one transaction or not", async (t) => {
    const directory = await folder(t);
    const server = await startMongoServer({ profile: "atlas", members: 1 });
    t.after(() => server.close());
    const start = await openEmbeddedStore({ directory: join(directory, "start") });
    const mongo = await openMongoStore({ uri: server.uri, maxTransactionChunks: 2 });
    const end = await openEmbeddedStore({ directory: join(directory, "end") });
    t.after(() => Promise.all([start.close(), mongo.close(), end.close()]));
    await start.prepare(contractIdentity);
    await build(start, scope, fixedWorld);
    await move(start, mongo, join(directory, "a"));
    assert.deepEqual((await mongo.health()).identity, contractIdentity);
    await move(mongo, end, join(directory, "b"));
    for (const { document_id } of (await start.documents.list(scope, { limit: 10 })).items) {
      assert.deepEqual(
        await end.documents.version(scope, document_id),
        await start.documents.version(scope, document_id),
      );
    }
    assert.equal((await end.documents.get(scope, "d2"))?.version, 2);
    const kept = await importArchive({ store: mongo, scope, path: join(directory, "b") });
    assert.equal(kept.kept, 10);
  });

  test("a document of many records is joined again", async (t) => {
    const path = join(await folder(t), "a");
    const store = await preparedMemoryStore();
    const mentions = [0, 1].flatMap((ordinal) =>
      Array.from({ length: 1000 }, (_, index) => mention(chunkId("d", ordinal), `name ${index}`)),
    );
    const version = versionOf({ id: "d", parts: ["first", "second"], graph: { mentions } });
    await store.documents.put(scope, { ...version, text: version.text + "𐍈".repeat(300_001) });
    const kinds = (await move(store, await preparedMemoryStore(), path)).map(
      (line) => /"kind":"(\w+)"/.exec(line)?.[1],
    );
    assert.ok(kinds.filter((kind) => kind === "text").length > 1);
    assert.ok(kinds.filter((kind) => kind === "chunks").length > 1);
  });

  test("an archive holds no byte of another tenant, and an import touches none", async (t) => {
    const path = join(await folder(t), "a");
    const store = await preparedMemoryStore();
    await build(store, scope, fixedWorld);
    const other = ownerScope("zebra-tenant");
    const text = JSON.stringify(fixedWorld).replaceAll(/\b(red|part|likes tea|question|so far)\b/g, "zebra");
    await build(
      store,
      other,
      JSON.parse(text, (key, value) => (key === "vector" ? null : value)),
    );
    const lines = await archived(store, scope, path);
    for (const line of lines) assert.doesNotMatch(line, /zebra|acme/);
    const before = await archived(store, other, `${path}2`);
    assert.match(before.join(), /zebra/);
    await store.documents.delete(scope, "d0");
    await importArchive({ store, scope, path });
    assert.deepEqual(await archived(store, other, `${path}3`), before);
  });

  test("what is newer where it is imported stays", async (t) => {
    const path = join(await folder(t), "a");
    const [from, to] = [await preparedMemoryStore(), await preparedMemoryStore()];
    await build(from, scope, fixedWorld);
    await exportArchive({ store: from, scope, path });
    await importArchive({ store: to, scope, path });
    const newest = { ...(await from.documents.version(scope, "d0"))!, text: "newer", chunks: [] };
    const graph = { mentions: [], links: [], assertions: [] };
    const document = { ...newest.document, version: 9, content_hash: "newer", updated_at: "2099-01-01T00:00:00.000Z" };
    await to.documents.restore(scope, { ...newest, graph, document });
    assert.equal((await importArchive({ store: to, scope, path })).kept, 10);
    assert.equal(await to.documents.text(scope, "d0"), "newer");
  });

  test("an import holds a few documents at a time, however many there are", async (t) => {
    const path = join(await folder(t), "a");
    const store = await preparedMemoryStore();
    const parts = Array.from({ length: 50 }, (_, index) => `kafka ${index}`);
    for (let index = 0; index < 40; index++) await store.documents.put(scope, versionOf({ id: `d${index}`, parts }));
    await exportArchive({ store, scope, path });
    const target = await preparedMemoryStore();
    let held = 0;
    let most = 0;
    const documents: Store["documents"] = {
      ...target.documents,
      restore: async (owner, version) => {
        held += version.chunks.length;
        most = Math.max(most, held);
        await new Promise(setImmediate);
        held -= version.chunks.length;
        return target.documents.restore(owner, version);
      },
    };
    await importArchive({ store: { ...target, documents }, scope, path });
    assert.equal((await target.documents.count(scope)).chunks, 2000);
    assert.ok(most > 50 && most <= 250, `${most} chunks at once`);
  });

  test("an export tells how far it is, and its counts are those of the archive", async (t) => {
    const path = join(await folder(t), "a");
    const store = await preparedMemoryStore();
    await build(store, scope, fixedWorld);
    const told: number[] = [];
    const result = await exportArchive({ store, scope, path, onProgress: (now) => told.push(now.documents) });
    const { bytes, resumed: _none, ...counts } = result;
    assert.deepEqual(counts, { documents: 3, chunks: 6, sessions: 2, messages: 4, memories: 2, edits: 3 });
    assert.ok(bytes > 100);
    assert.deepEqual(
      told.filter((documents, index) => documents !== told[index - 1]),
      [0, 1, 2, 3],
    );
    assert.match((await linesOf(path)).at(-1)!, /"counts":\{"documents":3,/);
  });
});
