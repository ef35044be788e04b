import { MongoError, MongoNetworkError } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import type { Message } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { rows, type Context, type Row } from "./context.ts";
import { collections } from "./names.ts";
import { identifierOf } from "./stored-metadata.ts";

/** Messages that are appended together. */
interface Batch {
  /** Unique: tells whether a write whose answer was lost has come through. */
  readonly batch: string;
  readonly messages: readonly Pick<Message, "role" | "content" | "metadata">[];
  readonly created_at: string;
}

/** A batch inside its session, until it has rows of its own. As JSON, since a field may have any name there. */
interface Pending {
  readonly batch: string;
  readonly first: number;
  readonly json: string;
  readonly at: Date;
}

/** Whoever appends takes along what another left pending for so long: it died, or could not reach the server. */
const abandonedMs = 5000;
/** Rows of messages are kept a little longer than their session, so that not each message is written anew at each turn. */
const reserve = { share: 1 / 8, mostMs: 24 * 3_600_000 };
const firstPauseMs = 20;
const longestPauseMs = 500;

export const liveSession = (context: Context, scope: Scope, sessionId: string) => ({
  _id: identifierOf(scope.tenant, sessionId),
  expires_at: { $gt: new Date(context.now()) },
});

export const batchOf = (context: Context, messages: Parameters<SessionStore["append"]>[2]): Batch => ({
  batch: crypto.randomUUID(),
  messages: messages.map(({ role, content, metadata }) => ({ role, content, metadata: metadata ?? {} })),
  created_at: new Date(context.now()).toISOString(),
});

/**
 * Numbers the messages and holds them in the session by one write: with its acknowledgement they are kept, and read.
 * Moving them into rows is the second step; what a server that dies in between leaves is moved by a later append.
 */
export async function append(
  context: Context,
  scope: Scope,
  sessionId: string,
  batch: Batch,
  ttlMs: number | undefined,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const { session, first } = await holdOnce(context, scope, sessionId, { batch, ttlMs }, signal);
  // Held messages are read as well as moved ones: failing here changes nothing for anybody.
  await move(context, scope, session, batch.batch).catch(() => undefined);
  return messagesOf(sessionId, { ...batch, first });
}

interface Held {
  readonly session: Row;
  readonly first: number;
}

/** Repeats the write until it is known to have come through, and never does it twice. */
async function holdOnce(
  context: Context,
  scope: Scope,
  sessionId: string,
  { batch, ttlMs }: { readonly batch: Batch; readonly ttlMs: number | undefined },
  signal: AbortSignal,
): Promise<Held> {
  for (let attempt = 0; ; attempt++) {
    try {
      const held = attempt === 0 ? null : await findHeld(context, scope, sessionId, batch);
      return held ?? (await hold(context, scope, sessionId, batch, ttlMs, signal));
    } catch (error) {
      if (!isTransient(error) || signal.aborted) throw error;
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      signal.throwIfAborted();
    }
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof MongoNetworkError ||
  (error instanceof MongoError &&
    (error.hasErrorLabel("RetryableWriteError") || error.name === "MongoPoolClearedError"));

async function hold(
  context: Context,
  scope: Scope,
  sessionId: string,
  batch: Batch,
  ttlMs: number | undefined,
  signal: AbortSignal,
): Promise<Held> {
  const sessions = rows(context, collections.sessions);
  for (;;) {
    signal.throwIfAborted();
    const expires_at = ttlMs === undefined ? null : new Date(context.now() + ttlMs);
    const pending = {
      batch: batch.batch,
      first: { $add: ["$messages", 1] },
      json: { $literal: JSON.stringify(batch.messages) },
      at: new Date(batch.created_at),
    };
    const session = await sessions.findOneAndUpdate(
      {
        ...liveSession(context, scope, sessionId),
        ...(expires_at === null ? {} : { kept_until: { $gte: expires_at } }),
      },
      [
        {
          $set: {
            pending: { $concatArrays: [{ $ifNull: ["$pending", []] }, batch.messages.length === 0 ? [] : [pending]] },
            messages: { $add: ["$messages", batch.messages.length] },
            updated_at: { $literal: batch.created_at },
            ...(expires_at === null ? {} : { expires_at }),
          },
        },
      ],
      { returnDocument: "after" },
    );
    if (session) return { session, first: Number(session["messages"]) - batch.messages.length + 1 };
    if (ttlMs === undefined || !(await keepMessages(context, scope, sessionId, ttlMs)))
      throw new HybridRAGError("not_found", "No such session, or it has expired; open it before writing to it.");
  }
}

async function findHeld(context: Context, scope: Scope, sessionId: string, { batch }: Batch): Promise<Held | null> {
  const session = await rows(context, collections.sessions).findOne(liveSession(context, scope, sessionId));
  if (!session) return null;
  const held = pendingOf(session).find((one) => one.batch === batch);
  if (held) return { session, first: held.first };
  const match = { tenant_id: scope.tenant, session_key: session["session_key"] as string, batch };
  const [moved] = await rows(context, collections.messages).find(match).sort({ sequence: 1 }).limit(1).toArray();
  return moved ? { session, first: Number(moved["sequence"]) } : null;
}

/**
 * Makes the rows of a live session's messages outlive a session that begins to count `ttlMs` now. This comes before
 * the session itself lasts longer, so that no crash leaves it with messages that are removed before it.
 * @returns false when there is no such session.
 */
export async function keepMessages(context: Context, scope: Scope, sessionId: string, ttlMs: number): Promise<boolean> {
  const sessions = rows(context, collections.sessions);
  const session = await sessions.findOne(liveSession(context, scope, sessionId));
  if (!session) return false;
  const { _id } = session;
  const session_key = session["session_key"] as string;
  const until = new Date(context.now() + ttlMs + Math.min(reserve.mostMs, ttlMs * reserve.share));
  await extend(context, { tenant_id: scope.tenant, session_key }, until);
  await sessions.updateOne({ _id, session_key }, { $max: { kept_until: until } });
  return true;
}

const extend = async (context: Context, match: Readonly<Record<string, unknown>>, until: Date): Promise<void> => {
  await rows(context, collections.messages).updateMany(match, { $max: { expires_at: until } });
};

/** Gives this batch, and what others abandoned, rows of their own. */
async function move(context: Context, scope: Scope, session: Row, batch: string): Promise<void> {
  const abandoned = new Date(context.now() - abandonedMs);
  const due = pendingOf(session).filter((one) => one.batch === batch || one.at <= abandoned);
  if (due.length === 0) return;
  const session_key = session["session_key"] as string;
  const until = session["kept_until"] as Date;
  const made = due.flatMap((one) =>
    messageRows(scope, session_key, until, messagesOf(String(session["session_id"]), readPending(one)), one.batch),
  );
  const messages = rows(context, collections.messages);
  await messages.bulkWrite(
    made.map(({ _id, expires_at, ...row }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: row, $max: { expires_at } }, upsert: true },
    })),
    { ordered: false },
  );
  const after = await rows(context, collections.sessions).findOneAndUpdate(
    { _id: session._id, session_key },
    { $pull: { pending: { batch: { $in: due.map((one) => one.batch) } } } as never },
    { returnDocument: "after" },
  );
  if (!after) await messages.deleteMany({ tenant_id: scope.tenant, session_key });
  else if ((after["kept_until"] as Date) > until)
    await extend(context, { _id: { $in: made.map(({ _id }) => _id) } }, after["kept_until"] as Date);
}

/** Those that the session counts at one moment, whether they have been moved or not. */
export async function readMessages(
  context: Context,
  scope: Scope,
  sessionId: string,
  { after = 0, last, limit }: Parameters<SessionStore["messages"]>[2],
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const session = await rows(context, collections.sessions).findOne(liveSession(context, scope, sessionId));
  if (!session || last === 0 || limit === 0) return [];
  const match = {
    tenant_id: scope.tenant,
    session_key: session["session_key"] as string,
    sequence: { $gt: after, $lte: Number(session["messages"]) },
  };
  const cursor = rows(context, collections.messages)
    .find(match, { signal })
    .project<Row>({ vector: 0, embedding_hash: 0 })
    .sort({ sequence: last === undefined ? 1 : -1 });
  const count = last ?? limit;
  const found = await (count === undefined || count === Infinity ? cursor : cursor.limit(count)).toArray();
  const held = pendingOf(session).flatMap((one) => messagesOf(sessionId, readPending(one)));
  const all = new Map([...held.filter(({ sequence }) => sequence > after), ...found.map(messageOf)].map(bySequence));
  const ordered = [...all.values()].toSorted((a, b) => a.sequence - b.sequence);
  return (last === undefined ? ordered : ordered.slice(-last)).slice(0, limit);
}

const bySequence = (message: Message): [number, Message] => [message.sequence, message];

export const messageRows = (
  scope: Scope,
  key: string,
  expires_at: Date,
  messages: readonly Message[],
  batch: string | null = null,
): readonly Row[] =>
  messages.map((message) => ({
    _id: identifierOf(scope.tenant, key, String(message.sequence)),
    tenant_id: scope.tenant,
    session_key: key,
    ...(batch === null ? {} : { batch }),
    expires_at,
    ...message,
  }));

const pendingOf = (session: Row): readonly Pending[] => (session["pending"] as readonly Pending[] | undefined) ?? [];

const readPending = ({ batch, first, json, at }: Pending): Batch & { readonly first: number } => ({
  batch,
  first: Number(first),
  messages: JSON.parse(json) as Batch["messages"],
  created_at: at.toISOString(),
});

const messagesOf = (
  session_id: string,
  { first, messages, created_at }: Batch & { readonly first: number },
): readonly Message[] =>
  messages.map(({ role, content, metadata }, index) => ({
    session_id,
    sequence: first + index,
    role,
    content,
    metadata: structuredClone(metadata),
    created_at,
  }));

const messageOf = (row: Row): Message => ({
  session_id: row["session_id"],
  sequence: row["sequence"],
  role: row["role"],
  content: row["content"],
  metadata: row["metadata"],
  created_at: row["created_at"],
});
