import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { isHybridRAGError, type ErrorCode } from "../../errors.ts";
import { crashScope, crashVersion, vectorOf } from "./crash-corpus.test.fixture.ts";
import { openEmbeddedStore, type EmbeddedStore, type EmbeddedStoreOptions } from "./index.ts";
import { refuseOldSqlite } from "./sqlite/database.ts";
import { m001 } from "./sqlite/m001.ts";
import { formatVersion } from "./sqlite/migrations.ts";
import { databasePath, indexDirectory } from "./workers/worker-settings.ts";

interface Folder {
  readonly directory: string;
  open(options?: Partial<EmbeddedStoreOptions>): Promise<EmbeddedStore>;
}

/** A folder that is removed after the test, and the stores that were opened on it, closed. */
async function folderFor(t: TestContext): Promise<Folder> {
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-folder-"));
  const opened: EmbeddedStore[] = [];
  t.after(async () => {
    for (const store of opened) await store.close();
    await rm(directory, { recursive: true, force: true });
  });
  const open = async (options: Partial<EmbeddedStoreOptions> = {}): Promise<EmbeddedStore> => {
    const store = await openEmbeddedStore({ directory, ...options });
    opened.push(store);
    return store;
  };
  return { directory, open };
}

const failsWith = (promise: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(isHybridRAGError(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

const put = (store: EmbeddedStore, ...numbers: readonly number[]): Promise<unknown> =>
  Promise.all(numbers.map((number) => store.documents.put(crashScope, crashVersion(number))));

async function answersOf(store: EmbeddedStore): Promise<unknown> {
  const { candidates, vector, text, allowed } = await store.chunks.search(crashScope, {
    vector: vectorOf(5),
    text: { query: "walrus otter n3" },
    filter: { op: "lt", field: "metadata.group", value: 4 },
    candidates: 30,
  });
  const hits = candidates.map(({ chunk, ...scores }) => ({ id: chunk.chunk_id, ...scores }));
  return {
    hits: hits.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    moments: [vector?.moments, text?.moments],
    counts: [allowed, text?.matched, text?.corpusSize],
  };
}

test("a second writer is refused with a sentence that names the first", async (t) => {
  const { open } = await folderFor(t);
  const first = await open();
  await failsWith(open(), "data_locked", new RegExp(`^Process ${process.pid} on .* reading only\\.$`));
  await first.close();
  await (await open()).close();
});

test("the lock of a process that was killed is taken over at once", async (t) => {
  const { directory, open } = await folderFor(t);
  const script = new URL("./crash-child.test.fixture.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout!, "data");
  await failsWith(open(), "data_locked", new RegExp(`Process ${child.pid} `));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok((await (await open()).documents.count(crashScope)).documents > 0);
});

test("a lock whose files are damaged or cut off can be taken", async (t) => {
  const { directory, open } = await folderFor(t);
  await (await open()).close();
  await writeFile(join(directory, "writer.lock"), "this is no lock ".repeat(500));
  await writeFile(join(directory, "writer.json"), '{"pid": 1, "ho');
  const store = await open();
  await failsWith(open(), "data_locked", new RegExp(`Process ${process.pid} `));
  await store.close();
  await truncate(join(directory, "writer.lock"), 0);
  await open();
});

test("a living holder on another host is respected, one that fell silent is not", async (t) => {
  const { directory, open } = await folderFor(t);
  const note = (beat_at: number): Promise<void> =>
    writeFile(join(directory, "writer.json"), JSON.stringify({ pid: 7, host: "elsewhere", beat_at }));
  await note(1_000_000);
  await failsWith(open({ now: () => 1_020_000 }), "data_locked", /Process 7 on elsewhere/);
  await open({ now: () => 1_040_000 });
});

test("a reader follows what another store commits, and writes nothing", async (t) => {
  const { open } = await folderFor(t);
  const writer = await open();
  await put(writer, 1, 2, 3);
  const reader = await open({ access: "read" });
  assert.deepEqual(await answersOf(reader), await answersOf(writer));
  await put(writer, 4, 5);
  await writer.documents.delete(crashScope, "d2");
  assert.deepEqual(await answersOf(reader), await answersOf(writer));
  await failsWith(put(reader, 6), "data_locked", /reading only/);
  assert.equal(reader.capabilities().readOnly, true);
});

test("a reader of an empty folder is told so, and states an identity without writing it", async (t) => {
  const { open } = await folderFor(t);
  await failsWith(open({ access: "read" }), "not_ready", /ingest something first/);
  const identity = { embedder: "a", dimensions: 8, chunker: "c" };
  const writer = await open();
  await writer.prepare(identity);
  await put(writer, 1);
  const reader = await open({ access: "read" });
  await reader.prepare(identity);
  await failsWith(reader.prepare({ ...identity, embedder: "b" }), "index_mismatch", /embedder a .* embedder b /);
});

test("a folder that may only be read can be searched, and says so to a writer", async (t) => {
  if (process.getuid?.() === 0) return t.skip("root may write everywhere");
  const { directory, open } = await folderFor(t);
  const first = await open();
  await first.documents.put(crashScope, crashVersion(1));
  await first.close();
  await chmod(directory, 0o555);
  try {
    const reader = await open({ access: "read" });
    assert.equal((await reader.documents.count(crashScope)).documents, 1);
    await failsWith(open(), "store_failed", /cannot be written; check/);
  } finally {
    await chmod(directory, 0o755);
  }
});

test("a file of a newer format is refused and left as it is", async (t) => {
  const { directory, open } = await folderFor(t);
  await (await open()).close();
  const db = new DatabaseSync(databasePath(directory));
  db.exec(`PRAGMA user_version = ${formatVersion + 1}`);
  db.close();
  await failsWith(open(), "data_newer", /Update hybridrag/);
  await failsWith(open({ access: "read" }), "data_newer", /Update hybridrag/);
});

test("a file of an earlier format is brought up to date by whoever opens it, to read or to write", async (t) => {
  for (const access of ["read", "write"] as const) {
    const { directory, open } = await folderFor(t);
    await mkdir(directory, { recursive: true });
    const db = new DatabaseSync(databasePath(directory));
    db.exec(`${m001}; PRAGMA user_version = 1`);
    db.close();
    const store = await open({ access });
    assert.equal((await store.documents.count(crashScope)).documents, 0);
    assert.equal((await store.health()).ready, true);
  }
});

test("a file that is no database is called damaged", async (t) => {
  const { directory, open } = await folderFor(t);
  await writeFile(databasePath(directory), "not a database at all ".repeat(400));
  await failsWith(open(), "data_damaged", /restore a copy/);
});

test("a SQLite that can lose pages is refused", () => {
  assert.throws(() => refuseOldSqlite("3.51.2"), { code: "invalid_config" });
  assert.throws(() => refuseOldSqlite(undefined), { code: "invalid_config" });
  for (const version of ["3.51.3", "3.52.0", "4.0.0"]) refuseOldSqlite(version);
});

const many = Array.from({ length: 1100 }, (_none, number) => number);

/** Waits until the index of what was put is in a file; every turn of the loop is a call that the store answers. */
async function snapshotOf(store: EmbeddedStore, directory: string): Promise<string> {
  for (;;) {
    await store.settle();
    const names = await readdir(indexDirectory(directory)).catch(() => []);
    const name = names.find((candidate) => candidate.endsWith(".index"));
    if (name) return join(indexDirectory(directory), name);
  }
}

test("a snapshot that is damaged, cut off or gone costs a rebuild and changes no answer", async (t) => {
  const { directory, open } = await folderFor(t);
  const first = await open();
  await put(first, 0);
  const follower = await open({ access: "read", readers: 1 });
  assert.deepEqual(await answersOf(follower), await answersOf(first));
  await put(first, ...many);
  await snapshotOf(first, directory);
  await first.documents.delete(crashScope, "d7");
  const lived = await answersOf(first);
  // First by what it follows itself, then by the writer's file.
  assert.deepEqual(await answersOf(follower), lived);
  assert.deepEqual(await answersOf(follower), lived);
  await follower.close();
  await first.close();

  const namedFile = (): string => join(indexDirectory(directory), `tenant-1-${namedSnapshot(directory)}.index`);
  const changed = async (
    change: (file: string, good: Buffer) => Promise<unknown>,
    isHarmless = false,
  ): Promise<void> => {
    const file = namedFile();
    await change(file, await readFile(file));
    const store = await open();
    assert.deepEqual(await answersOf(store), lived);
    await store.close();
    assert.equal(namedFile() === file, isHarmless, "a rebuilt index is written, one that was read is not");
  };
  await changed(() => Promise.resolve(), true);
  for (const share of [0.0001, 0.3, 0.999]) {
    await changed((file, good) => {
      good[Math.floor(share * good.length)]! ^= 0x40;
      return writeFile(file, good);
    });
  }
  for (const share of [0, 0.5])
    await changed((file, good) => writeFile(file, good.subarray(0, Math.floor(share * good.length))));
  await changed((file) => rm(file));
});

function namedSnapshot(directory: string): string {
  const db = new DatabaseSync(databasePath(directory), { readOnly: true });
  try {
    return (db.prepare("SELECT snapshot FROM index_snapshots").get() as { snapshot: string }).snapshot;
  } finally {
    db.close();
  }
}

test("a copy made while writes go on opens as a data folder of its own", async (t) => {
  const { directory, open } = await folderFor(t);
  const store = await open();
  await put(store, 1, 2, 3);
  const copyPath = join(directory, "copy");
  const copied = store.backUp(copyPath);
  await Promise.all([copied, put(store, 4)]);
  const copy = await openEmbeddedStore({ directory: copyPath });
  t.after(() => copy.close());
  assert.ok((await copy.documents.count(crashScope)).documents >= 3);
  await put(copy, 4);
  assert.deepEqual(await answersOf(copy), await answersOf(store));
  await failsWith(store.backUp(copyPath), "conflict", /empty/);
});
