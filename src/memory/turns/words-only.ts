import { isHybridRAGError, messageOf } from "../../errors.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { CallOptions } from "../../ports/store.ts";
import type { Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { embedRead, type ReadConversation, type ReadingParts } from "./read-conversation.ts";

/** Words find a turn without its vector: an embedder that is down costs a warning. */
export async function embeddedOrWarned(
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

/** @returns null when it cannot be made. */
export async function questionVector(
  embedder: Embedder,
  text: string,
  options?: CallOptions,
): Promise<Float32Array | null> {
  try {
    return (await embedder.embed([text], { kind: "query", ...options })).vectors[0]!;
  } catch (error) {
    if (!isHybridRAGError(error) || options?.signal?.aborted) throw error;
    return null;
  }
}

export const wordsOnly = (reason: string): Warning => ({
  code: "vector_leg_unavailable",
  message: `Some or all messages were searched by their words alone: ${reason}`,
});
