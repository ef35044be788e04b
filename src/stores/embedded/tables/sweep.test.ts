import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerScope } from "../../../scope.ts";
import { openDatabase } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import { writes } from "../workers/operations.ts";

test("a sweep removes what has expired, with everything that hangs on it, and nothing else", (t) => {
  const db = openDatabase({ path: ":memory:", readOnly: false, durability: "normal" });
  t.after(() => db.close());
  migrate(db);
  const scope = ownerScope("a");
  const at = { db, now: 1000 };
  for (const [name, ttlMs] of [
    ["short", 10],
    ["long", 100],
  ] as const) {
    writes["sessions.open"](at, scope, { sessionId: name, ttlMs });
    writes["sessions.append"](at, scope, name, [{ role: "user", content: "hello" }], null);
    const vector = Float32Array.of(1);
    writes["sessions.keepVectors"](at, scope, name, [{ sequence: 1, vector, embedding_hash: "h" }]);
    writes["caches.set"](at, scope, "space", name, 1, ttlMs);
    const expires_at = new Date(at.now + ttlMs).toISOString();
    const memory = { memory_id: name, agent_id: "g", type: "fact", content: "x", importance: 1, metadata: {} };
    writes["memories.put"](at, scope, { ...memory, vector: null, expires_at });
  }
  writes["caches.set"](at, scope, "space", "for ever", 1, null);
  const counts = (): readonly number[] =>
    ["conversation_sessions", "conversation_messages", "message_vectors", "caches", "agent_memory"].map(
      (table) => db.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)!.rows,
    );
  writes.sweep({ db, now: 1009 });
  assert.deepEqual(counts(), [2, 2, 2, 3, 2]);
  writes.sweep({ db, now: 1010 });
  assert.deepEqual(counts(), [1, 1, 1, 2, 1]);
  writes.sweep({ db, now: 5000 });
  assert.deepEqual(counts(), [0, 0, 0, 1, 0]);
});
