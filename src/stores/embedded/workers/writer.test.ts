import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crashScope, crashVersion } from "../crash-corpus.test.fixture.ts";
import { openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import type { CallMessage } from "./messages.ts";
import { runTogether } from "./writer.ts";

test("a disk that fills up refuses what no longer fits, whole, and keeps everything else", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "hybridrag-full-"));
  const db = openDatabase({ path: join(directory, "full.sqlite"), readOnly: false, durability: "normal" });
  t.after(() => {
    db.close();
    rmSync(directory, { recursive: true });
  });
  migrate(db);
  const { page_count } = db.get<{ page_count: number }>("PRAGMA page_count")!;
  db.get(`PRAGMA max_page_count = ${page_count + 60}`);

  const large = (number: number) => {
    const version = crashVersion(number);
    return { ...version, text: version.text + " ".repeat(60_000) };
  };
  const calls = [1, 2, 3, 4, 5, 6].map((id): CallMessage => {
    const args = [crashScope, id === 5 ? crashVersion(id) : large(id)];
    return { id, name: "documents.put", args, now: 0 };
  });
  const replies = runTogether(db, calls);
  const stored = db.all<{ document_id: string }>("SELECT document_id FROM documents").map((row) => row.document_id);
  const acknowledged = replies.filter((reply) => reply.ok).map((reply) => `d${reply.id}`);
  assert.deepEqual(stored.toSorted(), acknowledged.toSorted());
  assert.ok(acknowledged.length > 0 && acknowledged.length < calls.length);
  for (const reply of replies) {
    if (!reply.ok)
      assert.deepEqual([reply.error.code, reply.error.message.slice(0, 16)], ["store_failed", "The disk is full"]);
  }
  const orphans = db.get<{ rows: number }>(
    "SELECT count(*) AS rows FROM chunks WHERE document_key NOT IN (SELECT document_key FROM documents)",
  );
  assert.equal(orphans?.rows, 0);
});

test("calls that share a commit fail alone", (t) => {
  const db = openDatabase({ path: ":memory:", readOnly: false, durability: "normal" });
  t.after(() => db.close());
  migrate(db);
  const wrong = crashVersion(2);
  const versions = [crashVersion(1), { ...wrong, chunks: [wrong.chunks[0], wrong.chunks[0]] }, crashVersion(3)];
  const calls = versions.map((version, id): CallMessage => ({
    id,
    name: "documents.put",
    args: [crashScope, version],
    now: 0,
  }));
  assert.deepEqual(
    runTogether(db, calls).map((reply) => reply.ok),
    [true, false, true],
  );
  assert.equal(db.get<{ rows: number }>("SELECT count(*) AS rows FROM documents")?.rows, 2);
});
