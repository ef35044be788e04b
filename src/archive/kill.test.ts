import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { mention, versionOf } from "../testing/contract/examples.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { archived, build, fixedWorld, folder } from "./world.test.fixture.ts";
import { exportArchive, importArchive } from "./index.ts";

const scope = ownerScope("acme");
/** 20,000 chunks with HYBRIDRAG_FULL=1. */
const isFull = process.env["HYBRIDRAG_FULL"] === "1";
const { documents, killAfter, chunks } = isFull
  ? { documents: 400, killAfter: 150, chunks: 50 }
  : { documents: 48, killAfter: 20, chunks: 2 };

async function fill(store: Store): Promise<void> {
  await store.prepare(contractIdentity);
  await build(store, scope, { ...fixedWorld, documents: [] });
  const numbers = Array.from({ length: documents }, (_, index) => index);
  await Promise.all(
    numbers.map((number) => {
      const id = `d${number}`;
      const graph = { mentions: [mention(`${id}:0`, "kafka")] };
      const parts = [`kafka ${number}`, ...Array.from({ length: chunks - 1 }, (_, index) => `broker lag ${index}`)];
      return store.documents.put(scope, versionOf({ id, parts, graph }));
    }),
  );
}

/** Does the work in a process of its own, which dies in the middle of it. */
async function killed(doing: "export" | "import", place: string, path: string): Promise<void> {
  const script = fileURLToPath(new URL("./kill-child.test.fixture.js", import.meta.url));
  const child = spawn(process.execPath, [script, doing, place, path, String(killAfter)], { stdio: "inherit" });
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  assert.equal(signal, "SIGKILL", "the work ended before it was killed");
}

interface Place {
  readonly at: string;
  readonly open: () => Promise<Store>;
}

/** Moves everything, with a kill in the middle of both directions; gives what is there in the end. */
async function moveKilled(from: Place, to: Place, path: string): Promise<readonly string[]> {
  await killed("export", from.at, path);
  assert.ok(!existsSync(path), "half an archive has no name of an archive");
  const source = await from.open();
  const { resumed } = await exportArchive({ store: source, scope, path });
  assert.ok(resumed > 0 && resumed <= killAfter, `${resumed} were taken up`);
  const before = await archived(source, scope, `${path}.before`);
  await source.close();

  await killed("import", to.at, path);
  const target = await to.open();
  const half = await target.documents.count(scope);
  assert.ok(half.documents >= killAfter && half.documents < documents, `${half.documents} documents`);
  assert.equal(half.chunks, chunks * half.documents, "a document is there whole or not at all");
  const { kept } = await importArchive({ store: target, scope, path });
  assert.equal(kept, half.documents + fixedWorld.edits!.length, "what was there is kept");
  const after = await archived(target, scope, `${path}.after`);
  await target.close();
  assert.deepEqual(after, before);
  return after;
}

describe("a kill in the middle", () => {
  test("of an export and of an import costs only a second run, from embedded to MongoDB and back", async (t) => {
    const directory = await folder(t);
    const server = await startMongoServer({ profile: "atlas", members: 1 });
    t.after(() => server.close());
    const embedded = (name: string): Place => {
      const at = join(directory, name);
      return { at, open: () => openEmbeddedStore({ directory: at }) };
    };
    const mongo: Place = { at: server.uri, open: () => openMongoStore({ uri: server.uri }) };
    const start = embedded("start");
    const store = await start.open();
    await fill(store);
    await store.close();
    const there = await moveKilled(start, mongo, join(directory, "a"));
    assert.deepEqual(await moveKilled(mongo, embedded("end"), join(directory, "b")), there);
  });
});
