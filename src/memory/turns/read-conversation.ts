import { setImmediate as nextTurn } from "node:timers/promises";
import { isHybridRAGError } from "../../errors.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { MessageVector, SessionStore } from "../../ports/session-store.ts";
import type { CallOptions } from "../../ports/store.ts";
import type { Message } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { Analyzer } from "../../text/analyze.ts";
import { embedTurns } from "./embed-turns.ts";
import { kindOf, turnOf } from "./turn.ts";
import { addTurn, turnIndex, type TurnIndex } from "./turn-index.ts";

/** A conversation as far as it was read. Messages never change, so what comes later is added to it. */
export interface ReadConversation {
  index: TurnIndex;
  /** Those of the turns, in their order. */
  readonly messages: Message[];
  /** So many turns, from the first on, have the vector that they should have. */
  embedded: number;
}

export interface ReadingParts {
  readonly sessions: SessionStore;
  readonly embedder: Embedder | null;
  readonly analyzer: Analyzer;
  readonly now: () => number;
}

export const unread = (): ReadConversation => ({ index: turnIndex("people"), messages: [], embedded: 0 });

/** Rows in one read. */
const page = 1000;
/** Other events get their turn after so long. */
const sliceMs = 10;

/** Adds what was said since then. @returns false when it is another conversation than the one that was read. */
export async function readOn(
  { sessions, analyzer, now }: ReadingParts,
  scope: Scope,
  sessionId: string,
  known: ReadConversation,
  options?: CallOptions,
): Promise<boolean> {
  const { messages } = known;
  let after = Math.max(0, messages.length - 1);
  for (;;) {
    const more = await sessions.messages(scope, sessionId, { after, limit: page }, options);
    const last = messages.at(-1);
    if (last && after < messages.length && !isSame(more[0], last)) return false;
    const fresh = more.filter(({ sequence }) => sequence > messages.length);
    if (known.index.kind === "people" && kindOf(fresh) === "assistant") startAnew(known);
    messages.push(...fresh);
    let began = now();
    for (let at = known.index.turns.length; at < messages.length; at += 1) {
      addTurn(known.index, turnOf(messages[at]!, known.index.turns.at(-1) ?? null), null, analyzer);
      if (now() - began < sliceMs) continue;
      await nextTurn();
      options?.signal?.throwIfAborted();
      began = now();
    }
    if (more.length < page) return true;
    after = messages.length;
  }
}

const isSame = (a: Message | undefined, b: Message): boolean =>
  a !== undefined && a.sequence === b.sequence && a.content === b.content && a.created_at === b.created_at;

/** With the first answer of an assistant all of it is read differently. */
function startAnew(known: ReadConversation): void {
  known.index = turnIndex("assistant");
  known.embedded = 0;
}

/** Gives each turn its vector, and keeps those that were made. */
export async function embedRead(
  { sessions, embedder }: ReadingParts,
  scope: Scope,
  sessionId: string,
  known: ReadConversation,
  options?: CallOptions,
): Promise<void> {
  const { index } = known;
  if (embedder === null || known.embedded === index.turns.length) return;
  // What follows a turn belongs to its window, so the last one that was embedded has changed as well.
  const from = Math.max(0, known.embedded - 1);
  const kept = await keptVectors(sessions, scope, sessionId, from, options);
  for await (const { vectors, made, done } of embedTurns(embedder, { ...index, from, kept }, options)) {
    for (const [at, vector] of vectors) index.vectors[at] = vector;
    known.embedded = Math.max(known.embedded, done);
    if (made.length > 0) await sessions.keepVectors(scope, sessionId, made, options).catch(unlessCancelled(options));
  }
}

/** Where nothing can be written, such as on a read-only server, the vectors serve this process alone. */
const unlessCancelled =
  (options?: CallOptions) =>
  (error: unknown): void => {
    if (!isHybridRAGError(error) || options?.signal?.aborted) throw error;
  };

async function keptVectors(
  sessions: SessionStore,
  scope: Scope,
  sessionId: string,
  from: number,
  options?: CallOptions,
): Promise<ReadonlyMap<number, MessageVector>> {
  const kept = new Map<number, MessageVector>();
  for (let after = from; ;) {
    const more = await sessions.vectors(scope, sessionId, { after, limit: page }, options);
    for (const one of more) kept.set(one.sequence, one);
    if (more.length < page) return kept;
    after = more.at(-1)!.sequence;
  }
}
