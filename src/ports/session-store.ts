import type { Message, Metadata, Role, Session } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest, RestoreOutcome } from "./store.ts";

/** What clients may call a conversation. */
export const sessionIdPattern = /^[A-Za-z0-9_-]{1,100}$/;

/** What a message is recalled by: derived from it and its neighbours, and made again where it is missing. */
export interface MessageVector {
  readonly sequence: number;
  /** Of the embedder's dimensions; not always of unit length. */
  readonly vector: Float32Array;
  /** Of what was embedded, and by what: equal hash, equal vector. */
  readonly embedding_hash: string;
}

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
  /** Vectors of messages in order of sequence, from behind `after` on; a message without one is left out. */
  vectors(
    scope: Scope,
    sessionId: string,
    request: { readonly after?: number; readonly limit?: number },
    options?: CallOptions,
  ): Promise<readonly MessageVector[]>;
  /**
   * Keeps a vector for each message, in place of the one that it had; they leave with the session, and `restore` begins
   * without any. What cannot be kept, since its message is not there or not in its place yet, is left out.
   */
  keepVectors(scope: Scope, sessionId: string, vectors: readonly MessageVector[], options?: CallOptions): Promise<void>;
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
