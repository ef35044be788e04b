import { HybridRAGError } from "../../../errors.ts";
import type { Page, PageRequest, RestoreOutcome } from "../../../ports/store.ts";
import type { Message, Metadata, Role, Session } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import type { CallContext } from "../workers/context.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

interface SessionRow {
  readonly session_id: string;
  readonly metadata: string;
  readonly summary: string;
  readonly summarized_to: number;
  readonly messages: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly expires_at: number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const toSession = (row: SessionRow): Session => ({
  session_id: row.session_id,
  metadata: JSON.parse(row.metadata) as Metadata,
  summary: row.summary,
  summarized_to: row.summarized_to,
  messages: row.messages,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
  expires_at: iso(row.expires_at),
});

const columns = "session_id, metadata, summary, summarized_to, messages, created_at, updated_at, expires_at";

/** What every statement about one live session ends with. */
const thisLive = "tenant = ? AND session_id = ? AND expires_at > ?";

interface Place {
  readonly tenant: number;
  readonly sessionId: string;
  readonly now: number;
}

export const findSession = (db: Database, { tenant, sessionId, now }: Place): SessionRow | undefined =>
  db.get<SessionRow>(`SELECT ${columns} FROM conversation_sessions WHERE ${thisLive}`, tenant, sessionId, now);

function remove(db: Database, tenant: number, sessionId: string): void {
  db.run("DELETE FROM message_vectors WHERE tenant = ? AND session_id = ?", tenant, sessionId);
  db.run("DELETE FROM conversation_messages WHERE tenant = ? AND session_id = ?", tenant, sessionId);
  db.run("DELETE FROM conversation_sessions WHERE tenant = ? AND session_id = ?", tenant, sessionId);
}

export interface OpenSession {
  readonly sessionId: string;
  readonly metadata?: Metadata;
  readonly ttlMs: number;
}

export function openSession({ db, now }: CallContext, scope: Scope, request: OpenSession): Session {
  const { sessionId, metadata = {}, ttlMs } = request;
  const place = { tenant: ensureTenant(db, scope), sessionId, now };
  // An expired session of the same name that no sweep has met yet must leave nothing behind.
  if (!findSession(db, place)) remove(db, place.tenant, sessionId);
  db.run(
    `INSERT INTO conversation_sessions VALUES (?, ?, ?, ?, '', 0, 0, ?, ?, ?)
     ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`,
    place.tenant,
    sessionId,
    userOf(metadata),
    JSON.stringify(metadata),
    now,
    now,
    now + ttlMs,
  );
  return toSession(findSession(db, { ...place, now: -1 })!);
}

function userOf(metadata: Metadata): string | null {
  const userId = metadata["user_id"];
  return typeof userId === "string" ? userId : null;
}

export function restoreSession(
  { db, now }: CallContext,
  scope: Scope,
  session: Session,
  messages: readonly Message[],
): RestoreOutcome {
  const place = { tenant: ensureTenant(db, scope), sessionId: session.session_id, now };
  const before = findSession(db, place);
  const updated = Date.parse(session.updated_at);
  const expires = Date.parse(session.expires_at);
  if (before && (before.updated_at > updated || (before.updated_at === updated && before.expires_at >= expires))) {
    return "kept";
  }
  remove(db, place.tenant, place.sessionId);
  db.run(
    "INSERT INTO conversation_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    place.tenant,
    place.sessionId,
    userOf(session.metadata),
    JSON.stringify(session.metadata),
    session.summary,
    session.summarized_to,
    messages.length,
    Date.parse(session.created_at),
    updated,
    expires,
  );
  for (const message of messages) writeMessage(db, place, message);
  return "restored";
}

function writeMessage(db: Database, { tenant, sessionId }: Omit<Place, "now">, message: Message): void {
  db.run(
    "INSERT INTO conversation_messages VALUES (?, ?, ?, ?, ?, ?, ?)",
    tenant,
    sessionId,
    message.sequence,
    message.role,
    message.content,
    JSON.stringify(message.metadata),
    Date.parse(message.created_at),
  );
}

export function getSession({ db, now }: CallContext, scope: Scope, sessionId: string): Session | null {
  const tenant = tenantOf(db, scope);
  const row = tenant === null ? undefined : findSession(db, { tenant, sessionId, now });
  return row ? toSession(row) : null;
}

export function listSessions(
  { db, now }: CallContext,
  scope: Scope,
  request: PageRequest & { readonly userId?: string },
): Page<Session> {
  const limit = checkedLimit(request.limit);
  const after = decodeCursor<[number, string]>(request.cursor, ["number", "string"]);
  const tenant = tenantOf(db, scope);
  if (tenant === null) return { items: [], next: null };
  const [updated, id] = after ?? [Number.MAX_SAFE_INTEGER, ""];
  const rows = db.all<SessionRow>(
    `SELECT ${columns} FROM conversation_sessions
     WHERE tenant = ?1 AND expires_at > ?2 AND (?3 IS NULL OR user_id = ?3)
     AND (updated_at < ?4 OR (updated_at = ?4 AND session_id > ?5))
     ORDER BY updated_at DESC, session_id LIMIT ?6`,
    tenant,
    now,
    request.userId ?? null,
    updated,
    id,
    limit + 1,
  );
  return pageOf(rows, limit, toSession, (row) => [row.updated_at, row.session_id]);
}

export interface NewMessage {
  readonly role: Role;
  readonly content: string;
  readonly metadata?: Metadata;
}

/** One writer at a time counts, so numbers have no gap. */
export function appendMessages(
  { db, now }: CallContext,
  scope: Scope,
  sessionId: string,
  messages: readonly NewMessage[],
  ttlMs: number | null,
): readonly Message[] {
  const tenant = tenantOf(db, scope);
  const session = tenant === null ? undefined : findSession(db, { tenant, sessionId, now });
  if (tenant === null || !session) {
    throw new HybridRAGError("not_found", "This session does not exist or has expired; open it before writing to it.");
  }
  const added = messages.map(({ role, content, metadata = {} }, index): Message => {
    const sequence = session.messages + index + 1;
    const message = { session_id: sessionId, sequence, role, content, metadata, created_at: iso(now) };
    writeMessage(db, { tenant, sessionId }, message);
    return message;
  });
  db.run(
    "UPDATE conversation_sessions SET messages = ?, updated_at = ?, expires_at = ? WHERE tenant = ? AND session_id = ?",
    session.messages + added.length,
    now,
    ttlMs === null ? session.expires_at : now + ttlMs,
    tenant,
    sessionId,
  );
  return added;
}

export interface MessageRange {
  readonly after?: number;
  readonly last?: number;
  readonly limit?: number;
}

interface MessageRow extends Omit<Message, "metadata" | "created_at"> {
  readonly metadata: string;
  readonly created_at: number;
}

export function listMessages(
  { db, now }: CallContext,
  scope: Scope,
  sessionId: string,
  range: MessageRange,
): readonly Message[] {
  const tenant = tenantOf(db, scope);
  const session = tenant === null ? undefined : findSession(db, { tenant, sessionId, now });
  if (tenant === null || !session) return [];
  const from = Math.max(range.after ?? 0, range.last === undefined ? 0 : session.messages - range.last);
  return db
    .all<MessageRow>(
      `SELECT session_id, sequence, role, content, metadata, created_at FROM conversation_messages
       WHERE tenant = ? AND session_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
      tenant,
      sessionId,
      from,
      range.limit ?? -1,
    )
    .map((row) => ({ ...row, metadata: JSON.parse(row.metadata) as Metadata, created_at: iso(row.created_at) }));
}

export function summarizeSession(
  { db, now }: CallContext,
  scope: Scope,
  sessionId: string,
  summary: string,
  upTo: number,
): void {
  const tenant = tenantOf(db, scope);
  if (tenant === null) return;
  db.run(
    `UPDATE conversation_sessions SET summary = ?, summarized_to = ?, updated_at = ?
     WHERE ${thisLive} AND summarized_to < ?`,
    summary,
    upTo,
    now,
    tenant,
    sessionId,
    now,
    upTo,
  );
}

export function deleteSession({ db, now }: CallContext, scope: Scope, sessionId: string): boolean {
  const tenant = tenantOf(db, scope);
  if (tenant === null) return false;
  const isLive = findSession(db, { tenant, sessionId, now }) !== undefined;
  remove(db, tenant, sessionId);
  return isLive;
}

export function countSessions({ db, now }: CallContext, scope: Scope): number {
  const tenant = tenantOf(db, scope);
  if (tenant === null) return 0;
  const sql = "SELECT count(*) AS rows FROM conversation_sessions WHERE tenant = ? AND expires_at > ?";
  return db.get<{ rows: number }>(sql, tenant, now)!.rows;
}

/** Live sessions of all tenants. */
export const countAllSessions = ({ db, now }: CallContext): number =>
  db.get<{ rows: number }>("SELECT count(*) AS rows FROM conversation_sessions WHERE expires_at > ?", now)!.rows;

/** Removes what has expired; a sweep never changes an answer. */
export function sweepSessions({ db, now }: CallContext): void {
  const expired = db.all<{ tenant: number; session_id: string }>(
    "SELECT tenant, session_id FROM conversation_sessions WHERE expires_at <= ?",
    now,
  );
  for (const { tenant, session_id } of expired) remove(db, tenant, session_id);
}
