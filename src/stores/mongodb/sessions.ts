import type { SessionStore } from "../../ports/session-store.ts";
import type { RestoreOutcome } from "../../ports/store.ts";
import type { Message, Session } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { call, rows, transaction, type Context, type Row } from "./context.ts";
import { append, batchOf, keepMessages, liveSession, messageRows, readMessages } from "./messages.ts";
import { collections } from "./names.ts";
import { keepVectors, readVectors } from "./message-vectors.ts";
import { pageOf, readCursor } from "./paging.ts";
import { identifierOf } from "./stored-metadata.ts";
import { isDuplicateKey } from "./translate-error.ts";

/**
 * Conversations. One write to the session numbers messages and holds them; then they move to rows of their own. No lock
 * outlives a server that dies in between, and sequences have no gap. What has expired is not read, whether the server
 * removed it or not; a session that begins anew has a new key, so that messages of the old one cannot come back.
 */
export function mongoSessions(context: Context): SessionStore {
  const sessions = () => rows(context, collections.sessions);
  const live = (scope: Scope, sessionId: string) => liveSession(context, scope, sessionId);
  return {
    open: (scope, { sessionId, metadata, ttlMs }, options) =>
      call(context, options, async (signal) => {
        const expires_at = new Date(context.now() + ttlMs);
        for (;;) {
          signal.throwIfAborted();
          const kept = await sessions().findOneAndUpdate(
            { ...live(scope, sessionId), kept_until: { $gte: expires_at } },
            { $set: { expires_at } },
            { returnDocument: "after" },
          );
          if (kept) return sessionOf(kept);
          if (await keepMessages(context, scope, sessionId, ttlMs)) continue;
          const fresh = newSession(context, scope, sessionId, metadata ?? {}, expires_at);
          if (await begin(context, fresh)) return sessionOf(fresh);
        }
      }),
    get: (scope, sessionId, options) =>
      call(context, options, async (signal) => {
        const found = await sessions().findOne(live(scope, sessionId), { signal } as never);
        return found && sessionOf(found);
      }),
    list: (scope, request, options) =>
      call(context, options, async (signal) => {
        const after = readCursor(request, "sessions", 2);
        const found = await sessions()
          .find(
            {
              $and: [
                { tenant_id: scope.tenant, expires_at: { $gt: new Date(context.now()) } },
                ...(request.userId === undefined ? [] : [{ "metadata.user_id": request.userId }]),
                ...(after === null ? [] : [behind(String(after[0]), String(after[1]))]),
              ],
            },
            { signal },
          )
          .sort({ updated_at: -1, session_id: 1 })
          .limit(request.limit + 1)
          .toArray();
        return pageOf(
          found,
          request,
          "sessions",
          (row) => [String(row["updated_at"]), String(row["session_id"])],
          sessionOf,
        );
      }),
    append: (scope, sessionId, messages, options) => {
      const batch = batchOf(context, messages);
      return call(context, options, (signal) => append(context, scope, sessionId, batch, options?.ttlMs, signal));
    },
    messages: (scope, sessionId, request, options) =>
      call(context, options, (signal) => readMessages(context, scope, sessionId, request, signal)),
    vectors: (scope, sessionId, request, options) =>
      call(context, options, (signal) => readVectors(context, scope, sessionId, request, signal)),
    keepVectors: (scope, sessionId, vectors, options) =>
      call(context, options, (signal) => keepVectors(context, scope, sessionId, vectors, signal)),
    summarize: (scope, sessionId, summary, upTo, options) =>
      call(context, options, async () => {
        const updated_at = new Date(context.now()).toISOString();
        await sessions().updateOne(
          { ...live(scope, sessionId), summarized_to: { $lt: upTo } },
          { $set: { summary, summarized_to: upTo, updated_at } },
        );
      }),
    restore: (scope, session, messages, options) =>
      call(
        context,
        options,
        (signal) => restore(context, scope, { session, messages }, signal),
        10 * context.timeoutMs,
      ),
    delete: (scope, sessionId, options) =>
      call(context, options, (signal) =>
        transaction(context, signal, async (session) => {
          const found = await sessions().findOneAndDelete(live(scope, sessionId), { session });
          if (!found) return false;
          const match = { tenant_id: scope.tenant, session_key: found["session_key"] as string };
          await rows(context, collections.messages).deleteMany(match, { session });
          return true;
        }),
      ),
    count: (scope, options) =>
      call(context, options, (signal) =>
        sessions().countDocuments(
          { tenant_id: scope.tenant, expires_at: { $gt: new Date(context.now()) } },
          { signal },
        ),
      ),
  };
}

/** Rows in one insert. */
const insertRows = 500;

interface Conversation {
  readonly session: Session;
  readonly messages: readonly Message[];
}

/**
 * Messages are written first, under a key that no session has, so that nobody sees them; then one transaction puts the
 * session in its place. What a crash leaves expires with the session.
 */
async function restore(
  context: Context,
  scope: Scope,
  { session, messages }: Conversation,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  const sessions = rows(context, collections.sessions);
  const all = rows(context, collections.messages);
  const _id = identifierOf(scope.tenant, session.session_id);
  const expires_at = new Date(session.expires_at);
  const isKept = (before: Row | null): boolean => {
    if (before === null || (before["expires_at"] as Date).getTime() <= context.now()) return false;
    const updated = String(before["updated_at"]);
    if (updated !== session.updated_at) return updated > session.updated_at;
    return (before["expires_at"] as Date) >= expires_at;
  };
  if (isKept(await sessions.findOne({ _id }))) return "kept";
  const key = crypto.randomUUID();
  const stored = messageRows(scope, key, expires_at, messages);
  for (let start = 0; start < stored.length; start += insertRows) {
    signal.throwIfAborted();
    await all.insertMany(stored.slice(start, start + insertRows) as never);
  }
  const outgoing = await transaction(context, signal, async (transactional) => {
    const before = await sessions.findOne({ _id }, { session: transactional });
    if (isKept(before)) return key;
    const row = {
      _id,
      tenant_id: scope.tenant,
      session_key: key,
      ...structuredClone(session),
      messages: messages.length,
      expires_at,
      kept_until: expires_at,
      pending: [],
    };
    await sessions.replaceOne({ _id }, row, { upsert: true, session: transactional });
    return before && String(before["session_key"]);
  });
  if (outgoing !== null) await all.deleteMany({ tenant_id: scope.tenant, session_key: outgoing });
  return outgoing === key ? "kept" : "restored";
}

/** Sessions that a listing shows after this one: updated earlier, or at once with it and a greater id. */
const behind = (updatedAt: string, sessionId: string) => ({
  $or: [{ updated_at: { $lt: updatedAt } }, { updated_at: updatedAt, session_id: { $gt: sessionId } }],
});

/** False when a live session of that name stands. */
async function begin(context: Context, fresh: Row): Promise<boolean> {
  const expired = { _id: fresh._id, expires_at: { $lte: new Date(context.now()) } };
  try {
    await rows(context, collections.sessions).replaceOne(expired, fresh, { upsert: true });
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

function newSession(
  context: Context,
  scope: Scope,
  sessionId: string,
  metadata: Session["metadata"],
  expires_at: Date,
): Row {
  const now = new Date(context.now()).toISOString();
  return {
    _id: identifierOf(scope.tenant, sessionId),
    tenant_id: scope.tenant,
    session_id: sessionId,
    session_key: crypto.randomUUID(),
    metadata: structuredClone(metadata),
    summary: "",
    summarized_to: 0,
    messages: 0,
    created_at: now,
    updated_at: now,
    expires_at,
    kept_until: expires_at,
    pending: [],
  };
}

const sessionOf = (row: Row): Session => ({
  session_id: row["session_id"],
  metadata: row["metadata"],
  summary: row["summary"],
  summarized_to: row["summarized_to"],
  messages: row["messages"],
  created_at: row["created_at"],
  updated_at: row["updated_at"],
  expires_at: (row["expires_at"] as Date).toISOString(),
});
