import { HybridRAGError } from "../errors.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { CallOptions } from "../ports/store.ts";
import { mayRead, type Scope } from "../scope.ts";

/**
 * Conversations hold quotes of what their owner may read, so they are their owner's: the first principal of whoever
 * opened one stands in its `metadata.access`, and the rules of access lists hold. Those of an owner of all data have no
 * list unless they were given one: the whole tenant may read them, as the documents that have none.
 *
 * A conversation that may not be read is not there; its id is taken all the same (`conflict`).
 */
export function ownSessions(sessions: SessionStore): SessionStore {
  const readable = async (scope: Scope, sessionId: string, options?: CallOptions) => {
    const session = await sessions.get(scope, sessionId, options);
    return session && mayRead(scope, session.metadata) ? session : null;
  };
  const isHidden = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<boolean> =>
    scope.principals !== "all" && (await readable(scope, sessionId, options)) === null;

  return {
    get: readable,
    count: (scope, options) => sessions.count(scope, options),
    list: async (scope, request, options) => {
      const page = await sessions.list(scope, request, options);
      return { items: page.items.filter(({ metadata }) => mayRead(scope, metadata)), next: page.next };
    },
    open: async (scope, request, options) => {
      if (scope.principals === "all") return sessions.open(scope, request, options);
      const access = [scope.principals[0] ?? ""];
      // An existing session keeps its metadata, so this lists the caller only in a new one.
      const opened = await sessions.open(scope, { ...request, metadata: { ...request.metadata, access } }, options);
      if (mayRead(scope, opened.metadata)) return opened;
      throw new HybridRAGError("conflict", "This session id is taken; choose another one.");
    },
    append: async (scope, sessionId, messages, options) => {
      if (await isHidden(scope, sessionId, options)) throw missing();
      return sessions.append(scope, sessionId, messages, options);
    },
    messages: async (scope, sessionId, request, options) =>
      (await isHidden(scope, sessionId, options)) ? [] : sessions.messages(scope, sessionId, request, options),
    vectors: async (scope, sessionId, request, options) =>
      (await isHidden(scope, sessionId, options)) ? [] : sessions.vectors(scope, sessionId, request, options),
    keepVectors: async (scope, sessionId, vectors, options) => {
      if (!(await isHidden(scope, sessionId, options))) {
        await sessions.keepVectors(scope, sessionId, vectors, options);
      }
    },
    summarize: async (scope, sessionId, summary, upTo, options) => {
      if (!(await isHidden(scope, sessionId, options))) {
        await sessions.summarize(scope, sessionId, summary, upTo, options);
      }
    },
    restore: async (scope, session, messages, options) => {
      if (scope.principals === "all") return sessions.restore(scope, session, messages, options);
      throw new HybridRAGError("forbidden", "Only the owner of all data may restore conversations.");
    },
    delete: async (scope, sessionId, options) =>
      !(await isHidden(scope, sessionId, options)) && sessions.delete(scope, sessionId, options),
  };
}

const missing = (): HybridRAGError =>
  new HybridRAGError("not_found", "No such session, or it has expired; open it before writing to it.");
