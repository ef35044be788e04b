import { HybridRAGError } from "../../errors.ts";
import { timeSlices } from "../../pace/time-slices.ts";
import type { CallOptions } from "../../ports/store.ts";
import type { Message, Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { findTurns, type RankedTurn } from "./find-turns.ts";
import { turnQuestion, type QuestionKind } from "./question-kind.ts";
import type { ReadConversation, ReadingParts } from "./read-conversation.ts";
import { readyConversations } from "./ready-conversations.ts";
import type { StandingKind } from "./standing.ts";
import { questionVector, wordsOnly } from "./words-only.ts";

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

export interface TurnRecallParts extends Omit<ReadingParts, "run"> {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** How long a search waits for vectors that are being made; 5 seconds by default. */
  readonly patienceMs?: number;
  /** What an assistant's turn counts of a user's, 0 to 1; .6 by default. */
  readonly assistantWeight?: number | undefined;
}

/** @param given its sessions are those that callers may read: what they hide is not found here. */
export function turnRecall({ now, patienceMs = 5000, assistantWeight, ...given }: TurnRecallParts): TurnRecall {
  const parts: ReadingParts = { ...given, run: timeSlices(now) };
  const { sessions, analyzer, embedder, run } = parts;
  const conversations = readyConversations(parts, patienceMs);

  const check = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<void> => {
    if (await sessions.get(scope, sessionId, options)) return;
    conversations.forget(scope, sessionId);
    throw new HybridRAGError("not_found", "There is no such session, or it has expired.");
  };

  return {
    prepare: async (scope, sessionId, options) => {
      await check(scope, sessionId, options);
      await conversations.prepare(scope, sessionId, options);
    },
    search: async (scope, sessionId, { query, limit = null, before = Infinity }, options) => {
      if (query.trim() === "")
        throw new HybridRAGError("invalid_input", "A question without words finds nothing.", {
          details: { path: "/query" },
        });
      await check(scope, sessionId, options);
      const { known, warnings } = await conversations.soonReady(scope, sessionId, options);
      const question = turnQuestion(query, analyzer);
      const hasVectors = embedder !== null && known.embedded > 0;
      const vector = hasVectors ? await questionVector(embedder, question.searched, options) : null;
      const request = {
        question,
        vector,
        limit,
        before,
        ...(assistantWeight === undefined ? {} : { assistantWeight }),
      };
      const found = await run(findTurns(known.index, request, analyzer), options?.signal);
      return {
        session_id: sessionId,
        query,
        kind: found.kind,
        results: found.turns.map((one) => messageOf(known, one)),
        standing: found.standing.map((one) => ({ ...messageOf(known, one), standing: one.standing })),
        warnings:
          hasVectors && vector === null ? [...warnings, wordsOnly("the question could not be embedded")] : warnings,
      };
    },
  };
}

function messageOf({ messages }: ReadConversation, { turn, score, cosine, lexical }: RankedTurn): RecalledMessage {
  const { sequence, role, content, metadata, created_at } = messages[turn.sequence - 1]!;
  return { sequence, role, content, metadata, created_at, score, legs: { vector: cosine, text: lexical } };
}
