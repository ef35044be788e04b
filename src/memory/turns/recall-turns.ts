import { setTimeout } from "node:timers/promises";
import { HybridRAGError, isHybridRAGError, messageOf } from "../../errors.ts";
import type { CallOptions } from "../../ports/store.ts";
import type { Message, Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { findTurns, type RankedTurn } from "./find-turns.ts";
import { turnQuestion, type QuestionKind } from "./question-kind.ts";
import { embedRead, readOn, unread, type ReadConversation, type ReadingParts } from "./read-conversation.ts";
import type { StandingKind } from "./standing.ts";

export interface RecallTurnsRequest {
  readonly query: string;
  /** Turns; as many as the kind of question needs when absent: 10 for one fact, 20 for several, 30 for the whole. */
  readonly limit?: number | undefined;
  /** Only messages with a lower sequence number. */
  readonly before?: number | undefined;
}

/** A message that bears on a question, with what each part of its score found. */
export interface RecalledMessage extends Omit<Message, "session_id"> {
  readonly score: number;
  readonly legs: {
    /** About a cosine; null without an embedder. */
    readonly vector: number | null;
    /** BM25, 0 and above. */
    readonly text: number;
  };
}

export interface RecalledTurns {
  readonly session_id: string;
  readonly query: string;
  /** What the question was taken for. */
  readonly kind: QuestionKind;
  /** Best first. */
  readonly results: readonly RecalledMessage[];
  /** Instructions and preferences that were given in it, the nearest of each: they hold whatever is asked. */
  readonly standing: readonly (RecalledMessage & { readonly standing: StandingKind })[];
  readonly warnings: readonly Warning[];
}

/** Finds what was said in a conversation, however long ago. */
export interface TurnRecall {
  /** @throws HybridRAGError `invalid_input` for a blank question, `not_found` when there is no such session, or it may not be read. */
  search(scope: Scope, sessionId: string, request: RecallTurnsRequest, options?: CallOptions): Promise<RecalledTurns>;
  /** Makes and keeps the vectors that are missing, so that no question waits for them. */
  prepare(scope: Scope, sessionId: string, options?: CallOptions): Promise<void>;
}

/** Turns of conversations that stay ready; those that were not asked for longest make way. */
const mostTurns = 50_000;

export interface TurnRecallParts extends ReadingParts {
  /** How long a search waits for vectors that are being made; 5 seconds by default. */
  readonly patienceMs?: number;
}

/** @param parts its sessions are those that callers may read: what they hide is not found here. */
export function turnRecall(parts: TurnRecallParts): TurnRecall {
  const { sessions, analyzer, embedder, patienceMs = 5000 } = parts;
  const ready = new Map<string, Ready>();
  /** Those that will be prepared anyway, with all that is written until they begin. */
  const waiting = new Map<string, Promise<void>>();

  /** Brings a conversation up to date; one caller after the other, each with its own signal. */
  const upToDate = (scope: Scope, sessionId: string, options?: CallOptions): Promise<Ready> => {
    const key = keyOf(scope, sessionId);
    const entry = ready.get(key) ?? { known: unread(), warnings: [], turn: Promise.resolve() };
    ready.delete(key);
    ready.set(key, entry);
    const work = entry.turn.then(async () => {
      if (!(await readOn(parts, scope, sessionId, entry.known, options))) {
        entry.known = unread();
        await readOn(parts, scope, sessionId, entry.known, options);
      }
      entry.warnings = await embeddedOrWarned(parts, scope, sessionId, entry.known, options);
      makeRoom(ready, entry);
      return entry;
    });
    entry.turn = work.then(
      () => undefined,
      () => undefined,
    );
    return work;
  };

  /** Up to date, or as far as it is when patience ends: what has no vector yet is found by its words. */
  const soonReady = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<Ready> => {
    const done = new AbortController();
    const patience = setTimeout(patienceMs, null, { signal: done.signal, ref: false }).catch(() => null);
    const work = upToDate(scope, sessionId, options);
    try {
      const entry = await Promise.race([work, patience]);
      if (entry !== null) return entry;
    } finally {
      done.abort();
    }
    const { known } = ready.get(keyOf(scope, sessionId)) ?? (await work);
    const missing = known.index.turns.length - known.embedded;
    return {
      known,
      warnings: [wordsOnly(`${missing} are not embedded yet; ask again shortly.`)],
      turn: Promise.resolve(),
    };
  };

  /** When whoever is at it has done, with all that was written until then. */
  const prepareNext = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<void> => {
    const key = keyOf(scope, sessionId);
    await ready.get(key)?.turn;
    waiting.delete(key);
    await upToDate(scope, sessionId, options);
  };

  const check = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<void> => {
    if (await sessions.get(scope, sessionId, options)) return;
    ready.delete(keyOf(scope, sessionId));
    throw new HybridRAGError("not_found", "There is no such session, or it has expired.");
  };

  return {
    prepare: async (scope, sessionId, options) => {
      await check(scope, sessionId, options);
      const key = keyOf(scope, sessionId);
      const work = waiting.get(key) ?? prepareNext(scope, sessionId, options);
      waiting.set(key, work);
      await work;
    },
    search: async (scope, sessionId, { query, limit, before }, options) => {
      if (query.trim() === "")
        throw new HybridRAGError("invalid_input", "A question without words finds nothing.", {
          details: { path: "/query" },
        });
      await check(scope, sessionId, options);
      const { known, warnings } = await soonReady(scope, sessionId, options);
      const question = turnQuestion(query, analyzer);
      const isReady = embedder !== null && known.embedded > 0;
      const vector = isReady ? await questionVector(parts, question.searched, options) : null;
      const request = { question, vector, limit: limit ?? null, ...(before === undefined ? {} : { before }) };
      const found = findTurns(known.index, request, analyzer);
      const messageOfTurn = ({ turn, score, cosine, lexical }: RankedTurn): RecalledMessage => {
        const { sequence, role, content, metadata, created_at } = known.messages[turn.sequence - 1]!;
        return { sequence, role, content, metadata, created_at, score, legs: { vector: cosine, text: lexical } };
      };
      return {
        session_id: sessionId,
        query,
        kind: found.kind,
        results: found.turns.map(messageOfTurn),
        standing: found.standing.map((one) => ({ ...messageOfTurn(one), standing: one.standing })),
        warnings:
          isReady && vector === null ? [...warnings, wordsOnly("the question could not be embedded")] : warnings,
      };
    },
  };
}

const keyOf = ({ tenant }: Scope, sessionId: string): string => JSON.stringify([tenant, sessionId]);

interface Ready {
  known: ReadConversation;
  warnings: readonly Warning[];
  /** Resolves when whoever is before has done. */
  turn: Promise<void>;
}

function makeRoom(ready: Map<string, Ready>, current: Ready): void {
  let turns = [...ready.values()].reduce((sum, { known }) => sum + known.messages.length, 0);
  for (const [key, entry] of ready) {
    if (turns <= mostTurns) return;
    if (entry === current) continue;
    turns -= entry.known.messages.length;
    ready.delete(key);
  }
}

/** Words find a turn without its vector: an embedder that is down costs a warning. */
async function embeddedOrWarned(
  parts: ReadingParts,
  scope: Scope,
  sessionId: string,
  known: ReadConversation,
  options?: CallOptions,
): Promise<readonly Warning[]> {
  try {
    await embedRead(parts, scope, sessionId, known, options);
    return [];
  } catch (error) {
    if (!isHybridRAGError(error) || options?.signal?.aborted) throw error;
    return [wordsOnly(messageOf(error))];
  }
}

async function questionVector(
  { embedder }: ReadingParts,
  text: string,
  options?: CallOptions,
): Promise<Float32Array | null> {
  try {
    return (await embedder!.embed([text], { kind: "query", ...options })).vectors[0]!;
  } catch (error) {
    if (!isHybridRAGError(error) || options?.signal?.aborted) throw error;
    return null;
  }
}

const wordsOnly = (reason: string): Warning => ({
  code: "vector_leg_unavailable",
  message: `Some or all messages were searched by their words alone: ${reason}`,
});
