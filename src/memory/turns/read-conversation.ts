import { isHybridRAGError } from "../../errors.ts";
import type { RunInSlices } from "../../pace/time-slices.ts";
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
  /** All that changes or reads the index of a conversation goes through it, so each finds what the other left whole. */
  readonly run: RunInSlices;
}

export const unread = (): ReadConversation => ({ index: turnIndex("people"), messages: [], embedded: 0 });

/** Rows in one read: as many arrive in one piece from the thread or the server that reads them. */
const page = 500;

/** Adds what was said since then. @returns false when it is another conversation than the one that was read. */
export async function readOn(
  { sessions, analyzer, run }: ReadingParts,
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
    await run(addTurns(known, analyzer), options?.signal);
    if (more.length < page) return true;
    after = messages.length;
  }
}

/** A step for each message that is not in the index yet. */
function* addTurns({ index, messages }: ReadConversation, analyzer: Analyzer): Generator<void, void> {
  for (let at = index.turns.length; at < messages.length; at += 1) {
    addTurn(index, turnOf(messages[at]!, index.turns.at(-1) ?? null), null, analyzer);
    yield;
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
  { sessions, embedder, run }: ReadingParts,
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
  for await (const { vectors, made, done } of embedTurns(embedder, { ...index, from, kept, run }, options)) {
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
