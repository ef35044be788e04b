import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { CacheStore } from "../ports/cache-store.ts";
import { ownerScope } from "../scope.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { journalled } from "./journal.ts";

const scope = ownerScope("t");
let writers = 0;
const optionsOf = (folder: string) => ({ folder, writer: `w${++writers}`, now: Date.now });
const never = (): Promise<void> => new Promise(() => undefined);

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-journal-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "paid");
}

/** Caches of a store that commits nothing before it dies. */
const stuck = (): CacheStore => ({ ...openMemoryStore().caches, set: never });

/** Gives the files there the names that a process which has ended would have given them. */
function bury(folder: string, pid = 2 ** 22 + 1): void {
  for (const name of readdirSync(folder)) {
    const buried = name.replace(`${hostname()}.${process.pid}.`, `${hostname()}.${pid}.`);
    renameSync(join(folder, name), join(folder, buried));
  }
}

test("a value is on the disk when set has been called, and the next process finds it and hands it to its store", async (t) => {
  const folder = folderOf(t);
  void journalled(stuck(), optionsOf(folder)).set(scope, "embeddings", "a", "one", 60_000);
  void journalled(stuck(), optionsOf(folder)).set(scope, "embeddings", "b", "two", null);
  assert.equal(statSync(join(folder, readdirSync(folder)[0]!)).mode & 0o777, 0o600);
  bury(folder);
  const { caches } = openMemoryStore();
  const later = journalled(caches, optionsOf(folder));
  assert.deepEqual(await Promise.all(["a", "b", "c"].map((key) => later.get(scope, "embeddings", key))), [
    "one",
    "two",
    null,
  ]);
  assert.equal(await later.get(ownerScope("u"), "embeddings", "a"), null);
  await new Promise(setImmediate);
  assert.deepEqual([await caches.get(scope, "embeddings", "a"), readdirSync(folder)], ["one", []]);
});

test("a half-written line, a value whose time is over and a foreign file cost nothing", async (t) => {
  const folder = folderOf(t);
  const lines = [
    JSON.stringify({ tenant: "t", space: "s", key: "old", value: 1, until: 5 }),
    JSON.stringify({ tenant: "t", space: "s", key: "whole", value: 2, until: null }),
    '{"tenant":"t","space":"s","key":"torn","val',
  ];
  mkdirSync(folder);
  writeFileSync(join(folder, "x.journal"), lines.join("\n"));
  const { caches } = openMemoryStore();
  const later = journalled(caches, optionsOf(folder));
  assert.deepEqual(await Promise.all(["old", "whole", "torn"].map((key) => later.get(scope, "s", key))), [
    null,
    2,
    null,
  ]);
});

test("the file of a process that lives is read and stays", async (t) => {
  const folder = folderOf(t);
  void journalled(stuck(), optionsOf(folder)).set(scope, "s", "a", 1, null);
  bury(folder, process.ppid);
  const later = journalled(openMemoryStore().caches, optionsOf(folder));
  assert.equal(await later.get(scope, "s", "a"), 1);
  await new Promise(setImmediate);
  assert.equal(readdirSync(folder).length, 1);
});

test("what the store holds is not kept twice; what it refuses is kept and answered", async (t) => {
  const folder = folderOf(t);
  const { caches } = openMemoryStore();
  let fails = false;
  const flaky: CacheStore = {
    ...caches,
    set: async (...call) => {
      if (fails) throw new Error("the store is down");
      return caches.set(...call);
    },
  };
  const kept = journalled(flaky, optionsOf(folder));
  await Promise.all(["a", "b"].map((key) => kept.set(scope, "s", key, key, null)));
  assert.deepEqual(readdirSync(folder), []);
  fails = true;
  await assert.rejects(kept.set(scope, "s", "c", "c", null));
  fails = false;
  await kept.set(scope, "s", "d", "d", null);
  const [name] = readdirSync(folder);
  assert.deepEqual(readFileSync(join(folder, name!), "utf8").match(/"key":"."/g), ['"key":"c"']);
  assert.equal(await kept.get(scope, "s", "c"), "c");
});

test("a folder that cannot be made costs no value", async (t) => {
  const folder = folderOf(t);
  writeFileSync(folder, "a file");
  const { caches } = openMemoryStore();
  await journalled(caches, optionsOf(folder)).set(scope, "s", "a", 1, null);
  assert.equal(await caches.get(scope, "s", "a"), 1);
});
