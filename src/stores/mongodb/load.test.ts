import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MongoClient } from "mongodb";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { atAngle, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("acme");
const isFull = process.env["HYBRIDRAG_FULL"] === "1";

test("200 searches at once over a pool of 20 end without an error, in the order in which they came", async (t) => {
  const server = await startMongoServer({});
  const store = await openMongoStore({ uri: server.uri, connection: { maxPoolSize: 20 } });
  t.after(async () => {
    await store.close();
    await server.close();
  });
  await store.prepare(contractIdentity);
  for (let index = 0; index < 10; index++) {
    const parts = ["walrus one", "otter two", "heron three"];
    await store.documents.put(scope, versionOf({ id: `d${index}`, parts, vectors: parts.map(() => atAngle(index)) }));
  }
  await store.settle();
  const ended: number[] = [];
  let open = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const request = { vector: atAngle(index), text: { query: "walrus otter" }, filter: null, candidates: 20 };
      const { candidates, vector, text } = await store.chunks.search(scope, request);
      assert.ok(candidates.length >= 20 && vector?.error === null && text?.error === null);
      ended.push(index);
      ({ connections_open: open } = (await store.health()).details as { connections_open: number });
      most = Math.max(most, open);
    }),
  );
  const late = Math.max(...ended.map((index, at) => Math.abs(index - at)));
  assert.ok(late <= 20, `one ended ${late} places from where it came`);
  assert.ok(most <= 20 + 3, `${most} connections`);
});

/** Rows of a version in the making; a child writes it and dies by itself once so many are there. */
const sizes = isFull ? { chunks: 50_000, killAt: 20_000 } : { chunks: 3000, killAt: 1000 };

async function killedInPut(uri: string): Promise<void> {
  const script = fileURLToPath(new URL("./put-child.test.fixture.js", import.meta.url));
  const parameters = [script, uri, String(sizes.chunks), String(sizes.killAt)];
  const child = spawn(process.execPath, parameters, { stdio: "inherit" });
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  assert.equal(signal, "SIGKILL", "the put ended before it was killed");
}

describe(`a version of ${sizes.chunks} chunks`, () => {
  test("is there at once or not at all: readers never see a part, and what a kill leaves is swept", async (t) => {
    let now = Date.now();
    const server = await startMongoServer({ now: () => now });
    const open = async () => {
      const store = await openMongoStore({ uri: server.uri, now: () => now, timeoutMs: 60_000 });
      t.after(() => store.close());
      return store;
    };
    t.after(() => server.close());
    const store = await open();
    await store.prepare(contractIdentity);
    await killedInPut(server.uri);
    assert.deepEqual(await store.documents.count(scope), { documents: 0, chunks: 0 });
    const client = new MongoClient(server.uri);
    t.after(() => client.close());
    const rows = client.db("hybridrag").collection("text_chunks");
    assert.ok((await rows.countDocuments()) >= sizes.killAt, "the kill came in the middle");
    now += 2 * 3_600_000;
    const next = await open();
    await next.prepare(contractIdentity);
    assert.equal(await rows.countDocuments(), 0, "the next start sweeps");

    const parts = Array.from({ length: sizes.chunks }, (_, index) => `walrus ${index}`);
    const vectors = parts.map((_, index) => atAngle(index % 360));
    const state = { isDone: false };
    const putting = next.documents.put(scope, versionOf({ id: "big", parts, vectors })).finally(() => {
      state.isDone = true;
    });
    const counts = new Set<number>();
    while (!state.isDone) {
      const { documents, chunks } = await store.documents.count(scope);
      assert.equal(chunks, documents * sizes.chunks);
      counts.add((await store.chunks.ofDocument(scope, "big")).length);
    }
    assert.equal((await putting).outcome, "indexed");
    assert.ok(
      [...counts].every((count) => count === 0 || count === sizes.chunks),
      [...counts].join(" "),
    );
    await next.settle({ timeoutMs: 60_000 });
    const found = await next.chunks.search(scope, {
      vector: null,
      text: { query: "walrus" },
      filter: null,
      candidates: 5,
    });
    assert.equal(found.text?.matched, sizes.chunks);
  });
});
