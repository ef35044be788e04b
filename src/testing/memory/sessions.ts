import { HybridRAGError } from "../../errors.ts";
import { compareText } from "../../filter/matches.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import type { Message, Session } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { pageOf, type SortKey } from "./paging.ts";
import { enter, frozen, isoNow, tenantOf, type State, type StoredSession } from "./state.ts";

export function memorySessions(state: State): SessionStore {
  return {
    async open(scope, { sessionId, metadata, ttlMs }, options) {
      enter(state, options);
      const known = live(state, scope, sessionId);
      const now = isoNow(state);
      const fresh: Session = {
        session_id: sessionId,
        metadata: metadata ?? {},
        summary: "",
        summarized_to: 0,
        messages: 0,
        created_at: now,
        updated_at: now,
        expires_at: now,
      };
      return write(
        state,
        scope,
        { ...(known?.session ?? fresh), expires_at: later(state, ttlMs) },
        known?.messages ?? [],
        known?.vectors,
      );
    },
    async get(scope, sessionId, options) {
      enter(state, options);
      return live(state, scope, sessionId)?.session ?? null;
    },
    async list(scope, request, options) {
      enter(state, options);
      const { userId } = request;
      const sessions = allLive(state, scope)
        .filter((session) => userId === undefined || session.metadata["user_id"] === userId)
        .toSorted((a, b) => latestFirst(sortKey(a), sortKey(b)));
      return pageOf(sessions, request, "sessions", sortKey, latestFirst);
    },
    async append(scope, sessionId, messages, options) {
      enter(state, options);
      const known = live(state, scope, sessionId);
      if (!known) {
        throw new HybridRAGError("not_found", "No such session, or it has expired; open it before writing to it.");
      }
      const now = isoNow(state);
      const added = messages.map(({ role, content, metadata }, index): Message => ({
        session_id: sessionId,
        sequence: known.messages.length + index + 1,
        role,
        content,
        metadata: metadata ?? {},
        created_at: now,
      }));
      const all = [...known.messages, ...frozen(added)];
      const expires_at = options?.ttlMs === undefined ? known.session.expires_at : later(state, options.ttlMs);
      write(state, scope, { ...known.session, messages: all.length, updated_at: now, expires_at }, all, known.vectors);
      return all.slice(known.messages.length);
    },
    async messages(scope, sessionId, { after = 0, last = Infinity, limit = Infinity }, options) {
      enter(state, options);
      const messages = (live(state, scope, sessionId)?.messages ?? []).filter(({ sequence }) => sequence > after);
      return messages.slice(Math.max(0, messages.length - last)).slice(0, limit);
    },
    async vectors(scope, sessionId, { after = 0, limit = Infinity }, options) {
      enter(state, options);
      const vectors = [...(live(state, scope, sessionId)?.vectors.values() ?? [])];
      const ordered = vectors.toSorted((a, b) => a.sequence - b.sequence);
      return ordered.filter(({ sequence }) => sequence > after).slice(0, limit);
    },
    async keepVectors(scope, sessionId, vectors, options) {
      enter(state, options);
      const known = live(state, scope, sessionId);
      if (!known) return;
      const kept = vectors
        .filter(({ sequence }) => known.messages.some((message) => message.sequence === sequence))
        .map((one) => [one.sequence, { ...one, vector: one.vector.slice() }] as const);
      write(state, scope, known.session, known.messages, new Map([...known.vectors, ...kept]));
    },
    async summarize(scope, sessionId, summary, upTo, options) {
      enter(state, options);
      const known = live(state, scope, sessionId);
      if (!known || upTo <= known.session.summarized_to) return;
      const updated_at = isoNow(state);
      write(
        state,
        scope,
        { ...known.session, summary, summarized_to: upTo, updated_at },
        known.messages,
        known.vectors,
      );
    },
    async restore(scope, session, messages, options) {
      enter(state, options);
      const before = live(state, scope, session.session_id)?.session;
      const isKept =
        before !== undefined &&
        (before.updated_at > session.updated_at ||
          (before.updated_at === session.updated_at && before.expires_at >= session.expires_at));
      if (isKept) return "kept";
      write(state, scope, { ...session, messages: messages.length }, frozen(messages));
      return "restored";
    },
    async delete(scope, sessionId, options) {
      enter(state, options);
      return live(state, scope, sessionId) !== null && tenantOf(state, scope).sessions.delete(sessionId);
    },
    async count(scope, options) {
      enter(state, options);
      return allLive(state, scope).length;
    },
  };
}

/** Live sessions of all tenants. */
export const countAllSessions = (state: State): number =>
  [...state.tenants.keys()].reduce((sum, tenant) => sum + allLive(state, { tenant, principals: "all" }).length, 0);

const later = (state: State, ttlMs: number): string => new Date(state.now() + ttlMs).toISOString();

const isLive = (state: State, { session }: StoredSession): boolean => Date.parse(session.expires_at) > state.now();

function live(state: State, scope: Scope, sessionId: string): StoredSession | null {
  const stored = tenantOf(state, scope).sessions.get(sessionId);
  return stored && isLive(state, stored) ? stored : null;
}

const allLive = (state: State, scope: Scope): readonly Session[] =>
  [...tenantOf(state, scope).sessions.values()]
    .filter((stored) => isLive(state, stored))
    .map((stored) => stored.session);

function write(
  state: State,
  scope: Scope,
  session: Session,
  messages: readonly Message[],
  vectors: StoredSession["vectors"] = new Map(),
): Session {
  const stored = { session: frozen(session), messages, vectors };
  tenantOf(state, scope).sessions.set(session.session_id, stored);
  return stored.session;
}

const sortKey = (session: Session): SortKey => [session.updated_at, session.session_id];

const latestFirst = (a: SortKey, b: SortKey): number =>
  compareText(String(b[0]), String(a[0])) || compareText(String(a[1]), String(b[1]));
