import assert from "node:assert/strict";
import { appendFile, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { versionOf } from "../testing/contract/examples.ts";
import { build, fixedWorld, folder, linesOf, preparedMemoryStore } from "./world.test.fixture.ts";
import { exportArchive } from "./index.ts";

const scope = ownerScope("acme");
const memberLength = 1500;

async function filled(): Promise<Store> {
  const store = await preparedMemoryStore();
  await build(store, scope, fixedWorld);
  for (let index = 10; index < 30; index++)
    await store.documents.put(scope, versionOf({ id: `e${index}`, parts: [`kafka ${index}`, "broker"] }));
  return store;
}

/** Ends the export when so many documents were written; gives the documents whose chunks were read meanwhile. */
async function interrupted(store: Store, path: string, after: number): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ documents }: { readonly documents: number }): void => {
    if (documents >= after) stop.abort();
  };
  const run = exportArchive({ store, scope, path, memberLength, onProgress, signal: stop.signal });
  await assert.rejects(run, { name: "AbortError" });
}

async function goOn(store: Store, path: string): Promise<{ readonly resumed: number; readonly read: number }> {
  let read = 0;
  const documents: Store["documents"] = {
    ...store.documents,
    version: (...args) => {
      read += 1;
      return store.documents.version(...args);
    },
  };
  const { resumed } = await exportArchive({ store: { ...store, documents }, scope, path, memberLength });
  return { resumed, read };
}

describe("an export that was interrupted", () => {
  test("goes on where it was, and ends as one that was not", async (t) => {
    const path = join(await folder(t), "a");
    const store = await filled();
    await interrupted(store, path, 8);
    await interrupted(store, path, 15);
    const { resumed, read } = await goOn(store, path);
    assert.ok(resumed >= 8 && resumed < 15, `${resumed}`);
    assert.equal(resumed + read, 23);
    const direct = join(await folder(t), "b");
    await exportArchive({ store, scope, path: direct });
    assert.deepEqual(await linesOf(path), await linesOf(direct));
    assert.deepEqual(await readdir(dirname(path)), ["a"], "nothing is left beside it");
  });

  test("goes on behind what is whole, whatever a kill left behind it", async (t) => {
    const path = join(await folder(t), "a");
    const store = await filled();
    await interrupted(store, path, 12);
    const part = `${path}.part`;
    await appendFile(part, Buffer.from("half a member"));
    assert.ok((await goOn(store, path)).resumed > 0);
  });

  const spoiled: readonly (readonly [string, (store: Store, path: string) => Promise<unknown>])[] = [
    ["a document of it was changed", (store) => store.documents.put(scope, versionOf({ id: "d0", parts: ["new"] }))],
    ["a document of it was deleted", (store) => store.documents.delete(scope, "d0")],
    ["one came in between", (store) => store.documents.put(scope, versionOf({ id: "d0a", parts: ["new"] }))],
    [
      "it is damaged",
      async (_store, path) => {
        const bytes = await readFile(`${path}.part`);
        bytes[40]! ^= 1;
        await writeFile(`${path}.part`, bytes);
      },
    ],
    ["it was cut", (_store, path) => truncate(`${path}.part`, 100)],
    ["its mark is no mark", (_store, path) => writeFile(`${path}.part.mark`, "{")],
  ];
  for (const [name, spoil] of spoiled) {
    test(`is begun anew when ${name}`, async (t) => {
      const path = join(await folder(t), "a");
      const store = await filled();
      await interrupted(store, path, 12);
      await spoil(store, path);
      assert.equal((await goOn(store, path)).resumed, 0);
      const direct = join(await folder(t), "b");
      await exportArchive({ store, scope, path: direct });
      assert.deepEqual(await linesOf(path), await linesOf(direct));
    });
  }

  test("is begun anew for another tenant and another store", async (t) => {
    const path = join(await folder(t), "a");
    const store = await filled();
    await interrupted(store, path, 12);
    const other = ownerScope("other");
    await store.documents.put(other, versionOf({ id: "d0", parts: ["mine alone"] }));
    const { resumed, documents } = await exportArchive({ store, scope: other, path, memberLength });
    assert.deepEqual([resumed, documents], [0, 1]);
  });
});
