import { Binary } from "mongodb";
import type { MessageVector, SessionStore } from "../../ports/session-store.ts";
import type { Scope } from "../../scope.ts";
import { rows, type Context } from "./context.ts";
import { liveSession } from "./messages.ts";
import { collections } from "./names.ts";
import { identifierOf } from "./stored-metadata.ts";

/** They stand in the rows of their messages, and go with them. */
export async function readVectors(
  context: Context,
  scope: Scope,
  sessionId: string,
  { after = 0, limit }: Parameters<SessionStore["vectors"]>[2],
  signal: AbortSignal,
): Promise<readonly MessageVector[]> {
  const session = await rows(context, collections.sessions).findOne(liveSession(context, scope, sessionId));
  if (!session || limit === 0) return [];
  const match = {
    tenant_id: scope.tenant,
    session_key: session["session_key"] as string,
    sequence: { $gt: after, $lte: Number(session["messages"]) },
    embedding_hash: { $exists: true },
  };
  const cursor = rows(context, collections.messages)
    .find(match, { signal })
    .project({ sequence: 1, vector: 1, embedding_hash: 1 })
    .sort({ sequence: 1 });
  const found = await (limit === undefined || limit === Infinity ? cursor : cursor.limit(limit)).toArray();
  return found.map((row) => ({
    sequence: Number(row["sequence"]),
    vector: (row["vector"] as Binary).toFloat32Array(),
    embedding_hash: String(row["embedding_hash"]),
  }));
}

/** A message that is still held in its session has no row yet: its vector is made again when it has one. */
export async function keepVectors(
  context: Context,
  scope: Scope,
  sessionId: string,
  vectors: readonly MessageVector[],
  signal: AbortSignal,
): Promise<void> {
  const session = await rows(context, collections.sessions).findOne(liveSession(context, scope, sessionId));
  if (!session || vectors.length === 0) return;
  signal.throwIfAborted();
  await rows(context, collections.messages).bulkWrite(
    vectors.map(({ sequence, vector, embedding_hash }) => ({
      updateOne: {
        filter: { _id: identifierOf(scope.tenant, session["session_key"] as string, String(sequence)) },
        update: { $set: { vector: Binary.fromFloat32Array(vector), embedding_hash } },
      },
    })),
    { ordered: false },
  );
}
