import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { isHybridRAGError, type ErrorCode } from "../errors.ts";
import { ownerScope } from "../scope.ts";
import { archiveFormat } from "./record.ts";
import { build, fixedWorld, folder, linesOf, preparedMemoryStore, writeLines } from "./world.test.fixture.ts";
import { exportArchive, importArchive } from "./index.ts";

const scope = ownerScope("acme");

async function openArchive(t: TestContext): Promise<string> {
  const path = join(await folder(t), "archive");
  const store = await preparedMemoryStore();
  await build(store, scope, fixedWorld);
  await exportArchive({ store, scope, path });
  return path;
}

/** The archive is refused with this code and reason, and nothing of it is in the store. */
async function refused(path: string, code: ErrorCode, reason?: string): Promise<void> {
  const store = await preparedMemoryStore();
  await assert.rejects(importArchive({ store, scope, path }), (error) => {
    assert.ok(isHybridRAGError(error), String(error));
    assert.equal(error.code, code);
    if (reason !== undefined) assert.equal(error.details["reason"], reason);
    return true;
  });
  assert.equal((await store.documents.count(scope)).documents, 0);
  assert.equal(await store.sessions.count(scope), 0);
}

const sealedLine = (record: unknown): string => {
  const json = JSON.stringify(record);
  return `{"sha256":"${createHash("sha256").update(json).digest("hex")}","record":${json}}`;
};

describe("an archive that is not what was written", () => {
  test("cut at any border of records, it is refused whole", async (t) => {
    const path = await openArchive(t);
    const lines = await linesOf(path);
    assert.ok(lines.length > 12);
    for (let kept = 0; kept < lines.length; kept++) {
      await writeLines(path, lines.slice(0, kept));
      await refused(path, "unreadable", "truncated");
    }
  });

  test("cut at any byte, it is refused whole", async (t) => {
    const path = await openArchive(t);
    const bytes = await readFile(path);
    for (let kept = 0; kept < bytes.length; kept += Math.ceil(bytes.length / 40)) {
      await writeFile(path, bytes.subarray(0, kept));
      await refused(path, "unreadable", "truncated");
    }
  });

  test("with a changed character, a missing, a doubled or a moved record, it is refused whole", async (t) => {
    const path = await openArchive(t);
    const lines = await linesOf(path);
    for (const [index, line] of lines.entries()) {
      const place = Math.floor(line.length * 0.9);
      const changed = `${line.slice(0, place)}${line[place] === "x" ? "y" : "x"}${line.slice(place + 1)}`;
      await writeLines(path, lines.with(index, changed));
      await refused(path, "unreadable");
      if (index === 0 || index === lines.length - 1) continue;
      await writeLines(path, lines.toSpliced(index, 1));
      await refused(path, "unreadable", "damaged");
      await writeLines(path, lines.toSpliced(index, 0, line));
      await refused(path, "unreadable", "damaged");
      await writeLines(path, [...lines.toSpliced(index, 1), line]);
      await refused(path, "unreadable", "damaged");
    }
  });

  test("with a changed byte in the middle of the file, it is refused whole", async (t) => {
    const path = await openArchive(t);
    const bytes = await readFile(path);
    for (let place = 20; place < bytes.length; place += Math.ceil(bytes.length / 30)) {
      const changed = Uint8Array.from(bytes);
      changed[place]! ^= 0x55;
      await writeFile(path, changed);
      await refused(path, "unreadable");
    }
  });

  test("of a newer format, it says to update", async (t) => {
    const path = await openArchive(t);
    const lines = await linesOf(path);
    await writeLines(path, [sealedLine({ kind: "header", format: archiveFormat + 1, wonders: [] }), ...lines.slice(1)]);
    await refused(path, "data_newer");
  });

  test("that is another file, a folder, or absent is named as that", async (t) => {
    const directory = await folder(t);
    const path = join(directory, "notes.txt");
    await writeFile(path, "just some notes");
    await refused(path, "unreadable", "not_an_archive");
    await writeLines(path, ['{"just":"json"}']);
    await refused(path, "unreadable", "not_an_archive");
    await writeLines(path, [sealedLine({ any: "thing" })]);
    await refused(path, "unreadable", "not_an_archive");
    await refused(directory, "invalid_input");
    await refused(join(directory, "absent"), "not_found");
  });
});

describe("an import", () => {
  test("takes the archive's embedder on where nothing is, and refuses another one's documents", async (t) => {
    const path = await openArchive(t);
    const other = await preparedMemoryStore();
    await other.prepare({ embedder: "other", dimensions: 3, chunker: "other" });
    await importArchive({ store: other, scope, path });
    assert.equal((await other.health()).identity?.embedder, "contract");

    const taken = await preparedMemoryStore();
    await build(taken, ownerScope("somebody"), fixedWorld);
    const lines = await linesOf(path);
    const foreign = lines.map((line) => JSON.parse(line).record as Record<string, unknown>);
    const identity = { embedder: "other", dimensions: 8, chunker: "contract" };
    const bodies = [{ ...foreign[0], identity }, ...foreign.slice(1, -1)].map(sealedLine);
    const sums = bodies.map((line) => JSON.parse(line).sha256).join("");
    const sha256 = createHash("sha256").update(sums).digest("hex");
    await writeLines(path, [...bodies, sealedLine({ ...foreign.at(-1), sha256 })]);
    await assert.rejects(importArchive({ store: taken, scope, path }), { code: "index_mismatch" });
    assert.equal((await taken.documents.count(scope)).documents, 0);
  });

  test("and an export are the owner's", async (t) => {
    const path = await openArchive(t);
    const store = await preparedMemoryStore();
    const ann = { tenant: "acme", principals: ["ann"] };
    await assert.rejects(importArchive({ store, scope: ann, path }), { code: "forbidden" });
    await assert.rejects(exportArchive({ store, scope: ann, path: `${path}2` }), { code: "forbidden" });
  });
});

describe("an export", () => {
  test("that fails leaves the archive before it as it was, and nothing else", async (t) => {
    const path = await openArchive(t);
    const before = await readFile(path);
    const store = await preparedMemoryStore();
    await build(store, scope, fixedWorld);
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error("enough"));
    await assert.rejects(exportArchive({ store, scope, path, signal: stop.signal, onProgress }), /enough/);
    assert.deepEqual(await readFile(path), before);
    assert.deepEqual(await readdir(join(path, "..")), ["archive"]);
    await assert.rejects(exportArchive({ store, scope, path: join(path, "below") }), { code: "invalid_input" });
  });
});
