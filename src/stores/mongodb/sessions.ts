import { HybridRAGError } from "../../errors.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import type { RestoreOutcome } from "../../ports/store.ts";
import type { Message, Session } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { call, rows, transaction, type Context, type Row } from "./context.ts";
import { collections } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { identifierOf } from "./stored-metadata.ts";

/**
 * Conversations. The session's counter and its messages are written in one transaction, so that sequences have no gap.
 * What has expired is not read, whether the server removed it or not; a session that begins anew has a new key, so that
 * messages of the old one cannot come back.
 */
export function mongoSessions(context: Context): SessionStore {
  const sessions = () => rows(context, collections.sessions);
  const live = (scope: Scope, sessionId: string) => ({
    _id: identifierOf(scope.tenant, sessionId),
    expires_at: { $gt: new Date(context.now()) },
  });
  return {
    open: (scope, { sessionId, metadata, ttlMs }, options) =>
      call(context, options, async (signal) => {
        const expires_at = new Date(context.now() + ttlMs);
        return sessionOf(
          await transaction(context, signal, async (session) => {
            const kept = await sessions().findOneAndUpdate(
              live(scope, sessionId),
              { $set: { expires_at } },
              { session, returnDocument: "after" },
            );
            if (kept) {
              await extendMessages(context, scope, String(kept["session_key"]), expires_at, session);
              return kept;
            }
            const fresh = newSession(context, scope, sessionId, metadata ?? {}, expires_at);
            await sessions().replaceOne({ _id: fresh._id }, fresh, { upsert: true, session });
            return fresh;
          }),
        );
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
    append: (scope, sessionId, messages, options) =>
      call(context, options, (signal) =>
        transaction(context, signal, async (session) => {
          const now = new Date(context.now());
          const expiry = options?.ttlMs === undefined ? {} : { expires_at: new Date(context.now() + options.ttlMs) };
          const updated = await sessions().findOneAndUpdate(
            live(scope, sessionId),
            { $inc: { messages: messages.length }, $set: { updated_at: now.toISOString(), ...expiry } },
            { session, returnDocument: "after" },
          );
          if (!updated) {
            throw new HybridRAGError("not_found", "No such session, or it has expired; open it before writing to it.");
          }
          const before = Number(updated["messages"]) - messages.length;
          const added = messages.map(({ role, content, metadata }, index): Message => ({
            session_id: sessionId,
            sequence: before + index + 1,
            role,
            content,
            metadata: structuredClone(metadata ?? {}),
            created_at: now.toISOString(),
          }));
          const key = String(updated["session_key"]);
          if (added.length > 0) {
            const stored = messageRows(scope, key, updated["expires_at"] as Date, added);
            await rows(context, collections.messages).insertMany(stored as never, { session });
          }
          if (options?.ttlMs !== undefined)
            await extendMessages(context, scope, key, updated["expires_at"] as Date, session);
          return added;
        }),
      ),
    messages: (scope, sessionId, { after = 0, last, limit }, options) =>
      call(context, options, async (signal) => {
        const session = await sessions().findOne(live(scope, sessionId));
        if (!session || last === 0 || limit === 0) return [];
        const cursor = rows(context, collections.messages)
          .find(
            { tenant_id: scope.tenant, session_key: session["session_key"] as string, sequence: { $gt: after } },
            { signal },
          )
          .sort({ sequence: last === undefined ? 1 : -1 });
        const count = last ?? limit;
        const found = await (count === undefined || count === Infinity ? cursor : cursor.limit(count)).toArray();
        const ordered = (last === undefined ? found : found.toReversed()).map(messageOf);
        return limit === undefined ? ordered : ordered.slice(0, limit);
      }),
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

const messageRows = (scope: Scope, key: string, expires_at: Date, messages: readonly Message[]): readonly Row[] =>
  messages.map((message) => ({
    _id: identifierOf(scope.tenant, key, String(message.sequence)),
    tenant_id: scope.tenant,
    session_key: key,
    expires_at,
    ...message,
  }));

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

const extendMessages = async (
  context: Context,
  scope: Scope,
  session_key: string,
  expires_at: Date,
  session: Parameters<Parameters<typeof transaction>[2]>[0],
): Promise<void> => {
  const match = { tenant_id: scope.tenant, session_key };
  await rows(context, collections.messages).updateMany(match, { $set: { expires_at } }, { session });
};

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

const messageOf = (row: Row): Message => ({
  session_id: row["session_id"],
  sequence: row["sequence"],
  role: row["role"],
  content: row["content"],
  metadata: row["metadata"],
  created_at: row["created_at"],
});
