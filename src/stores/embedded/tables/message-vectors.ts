import type { MessageVector } from "../../../ports/session-store.ts";
import type { Scope } from "../../../scope.ts";
import type { CallContext } from "../workers/context.ts";
import { vectorBytes } from "./document-rows.ts";
import { findSession } from "./sessions.ts";
import { tenantOf } from "./tenants.ts";

interface VectorRow {
  readonly sequence: number;
  readonly embedding_hash: string;
  readonly vector: Uint8Array;
}

export function messageVectors(
  { db, now }: CallContext,
  scope: Scope,
  sessionId: string,
  { after = 0, limit = -1 }: { readonly after?: number; readonly limit?: number },
): readonly MessageVector[] {
  const tenant = tenantOf(db, scope);
  if (tenant === null || !findSession(db, { tenant, sessionId, now })) return [];
  const rows = db.all<VectorRow>(
    `SELECT sequence, embedding_hash, vector FROM message_vectors
     WHERE tenant = ? AND session_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
    tenant,
    sessionId,
    after,
    limit,
  );
  return inOneBuffer(rows);
}

/** Hundreds of buffers in one message hold up the thread that it is sent to, one buffer does not. */
function inOneBuffer(rows: readonly VectorRow[]): readonly MessageVector[] {
  const bytes = new Uint8Array(rows.reduce((sum, { vector }) => sum + vector.byteLength, 0));
  let start = 0;
  return rows.map(({ vector, ...row }) => {
    bytes.set(vector, start);
    start += vector.byteLength;
    return { ...row, vector: new Float32Array(bytes.buffer, start - vector.byteLength, vector.byteLength / 4) };
  });
}

export function keepMessageVectors(
  { db, now }: CallContext,
  scope: Scope,
  sessionId: string,
  vectors: readonly MessageVector[],
): void {
  const tenant = tenantOf(db, scope);
  const session = tenant === null ? undefined : findSession(db, { tenant, sessionId, now });
  if (tenant === null || !session) return;
  for (const { sequence, embedding_hash, vector } of vectors) {
    if (sequence < 1 || sequence > session.messages) continue;
    db.run(
      "INSERT OR REPLACE INTO message_vectors VALUES (?, ?, ?, ?, ?)",
      tenant,
      sessionId,
      sequence,
      embedding_hash,
      vectorBytes(vector),
    );
  }
}
