import type { Message, Metadata, Role, Session } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest, RestoreOutcome } from "./store.ts";

/** Conversations. An expired session is not returned, even before it is removed. */
export interface SessionStore {
  /** Creates the session when it does not exist; refreshes its expiry otherwise. */
  open(
    scope: Scope,
    request: { readonly sessionId: string; readonly metadata?: Metadata; readonly ttlMs: number },
    options?: CallOptions,
  ): Promise<Session>;
  get(scope: Scope, sessionId: string, options?: CallOptions): Promise<Session | null>;
  /** Most recently updated first; `userId` narrows to `metadata.user_id`. */
  list(
    scope: Scope,
    request: PageRequest & { readonly userId?: string },
    options?: CallOptions,
  ): Promise<Page<Session>>;
  /**
   * Appends in one step; the messages get the next sequence numbers, without a gap, however many writers there are.
   * Throws `not_found` when the session does not exist or has expired.
   */
  append(
    scope: Scope,
    sessionId: string,
    messages: readonly { readonly role: Role; readonly content: string; readonly metadata?: Metadata }[],
    options?: CallOptions & { readonly ttlMs?: number },
  ): Promise<readonly Message[]>;
  /** In order of sequence. `last` takes the newest, still in order; `after` starts behind a sequence number. */
  messages(
    scope: Scope,
    sessionId: string,
    request: { readonly after?: number; readonly last?: number; readonly limit?: number },
    options?: CallOptions,
  ): Promise<readonly Message[]>;
  /** Replaces the summary only if it reaches further than the one stored; the messages stay. */
  summarize(scope: Scope, sessionId: string, summary: string, upTo: number, options?: CallOptions): Promise<void>;
  /**
   * Puts a session as another store had it, with its dates and numbers, in place of what has its id; `messages` are
   * all of them. A live one with a later `updated_at`, or with the same and no earlier expiry, is kept.
   */
  restore(scope: Scope, session: Session, messages: readonly Message[], options?: CallOptions): Promise<RestoreOutcome>;
  delete(scope: Scope, sessionId: string, options?: CallOptions): Promise<boolean>;
  /** Live sessions of the tenant. */
  count(scope: Scope, options?: CallOptions): Promise<number>;
}
