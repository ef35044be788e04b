import { HybridRAGError } from "../errors.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Message, Metadata, Session } from "../records.ts";
import type { Scope } from "../scope.ts";
import { extractiveSummary } from "./extractive-summary.ts";

/** What a question may lean on: the newest messages whole, all before them as a summary. */
export interface History {
  readonly session: Session;
  readonly summary: string;
  readonly messages: readonly Message[];
}

export interface Turn {
  readonly question: string;
  readonly answer: string;
  readonly metadata?: Metadata;
}

export interface Conversations {
  /** Null when the session does not exist or has expired: a first question. */
  recall(scope: Scope, sessionId: string, options?: CallOptions): Promise<History | null>;
  /** Writes both sides of one exchange in one step, opening the session when it is new. */
  record(scope: Scope, sessionId: string, turn: Turn, options?: CallOptions): Promise<readonly Message[]>;
  /** Folds messages beyond the budget into the summary. The messages themselves stay until the session expires. */
  fold(scope: Scope, sessionId: string, options?: CallOptions): Promise<void>;
}

export interface ConversationSettings {
  readonly ttlMs: number;
  /** Tokens of messages that are kept whole. */
  readonly historyTokens: number;
  readonly summaryTokens: number;
}

export interface ConversationParts {
  readonly sessions: SessionStore;
  readonly settings: ConversationSettings;
  readonly countTokens: (text: string) => number;
  readonly analyze: (text: string) => readonly string[];
  /** A model's summary where there is a model; the extractive one stands in when it fails. */
  readonly summarize?: (texts: readonly string[], maxTokens: number, options?: CallOptions) => Promise<string>;
}

export function conversations(parts: ConversationParts): Conversations {
  const { sessions, settings, countTokens } = parts;

  const fold = async (scope: Scope, sessionId: string, options?: CallOptions): Promise<void> => {
    const session = await sessions.get(scope, sessionId, options);
    if (!session) return;
    const messages = await sessions.messages(scope, sessionId, { after: session.summarized_to }, options);
    const kept = newestWithin(messages, settings.historyTokens, countTokens);
    const folded = messages.slice(0, messages.length - kept.length);
    const last = folded.at(-1);
    if (!last) return;
    const texts = [session.summary, ...folded.map((message) => message.content)].filter((text) => text !== "");
    const summary = await summaryOf(parts, texts, options);
    await sessions.summarize(scope, sessionId, summary, last.sequence, options);
  };

  return {
    fold,
    recall: async (scope, sessionId, options) => {
      const session = await sessions.get(scope, sessionId, options);
      if (!session) return null;
      const messages = await sessions.messages(scope, sessionId, { after: session.summarized_to }, options);
      return {
        session,
        summary: session.summary,
        messages: newestWithin(messages, settings.historyTokens, countTokens),
      };
    },
    record: async (scope, sessionId, turn, options) => {
      await sessions.open(scope, { sessionId, ttlMs: settings.ttlMs }, options);
      return sessions.append(
        scope,
        sessionId,
        [
          { role: "user", content: turn.question },
          { role: "assistant", content: turn.answer, metadata: turn.metadata ?? {} },
        ],
        { ...options, ttlMs: settings.ttlMs },
      );
    },
  };
}

/** The longest tail within the budget, and always the last exchange. */
function newestWithin(
  messages: readonly Message[],
  budget: number,
  countTokens: (text: string) => number,
): readonly Message[] {
  let tokens = 0;
  let first = messages.length;
  while (first > 0) {
    tokens += countTokens(messages[first - 1]!.content);
    if (tokens > budget && messages.length - first >= 2) break;
    first -= 1;
  }
  return messages.slice(first);
}

async function summaryOf(parts: ConversationParts, texts: readonly string[], options?: CallOptions): Promise<string> {
  const { settings, countTokens, analyze, summarize } = parts;
  if (summarize) {
    try {
      return await summarize(texts, settings.summaryTokens, options);
    } catch (error) {
      // A model that is down must not cost a conversation its memory.
      if (!(error instanceof HybridRAGError) || options?.signal?.aborted) throw error;
    }
  }
  return extractiveSummary({ texts, maxTokens: settings.summaryTokens, countTokens, analyze });
}
