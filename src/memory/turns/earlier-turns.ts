import { messageOf } from "../../errors.ts";
import type { CallOptions } from "../../ports/store.ts";
import type { Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { History } from "../conversation.ts";
import type { RecalledMessage, TurnRecall } from "./recall-turns.ts";

/** What of a conversation a question may lean on although it no longer fits beside it. */
export interface EarlierTurns {
  /** Instructions and preferences first, then what bears on the question, best first. */
  readonly recalled: readonly string[];
  readonly warnings: readonly Warning[];
}

const none: EarlierTurns = { recalled: [], warnings: [] };

/** More than these are rarely of use, and each takes room from the sources. */
const mostTurns = 5;
/** Of one message. */
const mostCharacters = 600;

/**
 * Recalls from before the messages of `history`; nothing where these are all there are. An answer does not fail because
 * its conversation cannot be searched: it says so.
 */
export async function earlierTurns(
  turns: TurnRecall,
  scope: Scope,
  history: History | null,
  query: string,
  options?: CallOptions,
): Promise<EarlierTurns> {
  const first = history?.messages[0]?.sequence;
  if (history === null || first === undefined || first === 1) return none;
  try {
    const request = { query, limit: mostTurns, before: first };
    const { results, standing, warnings } = await turns.search(scope, history.session.session_id, request, options);
    const once = new Map([...standing, ...results].map((one) => [one.sequence, one]));
    return { recalled: [...once.values()].map(lineOf), warnings };
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    const message = `What was said earlier in this session could not be looked up: ${messageOf(error)}`;
    return { recalled: [], warnings: [{ code: "turns_not_recalled", message }] };
  }
}

function lineOf({ role, content, metadata, created_at }: RecalledMessage): string {
  const { speaker, timestamp } = metadata;
  const who = typeof speaker === "string" ? speaker : role;
  const when = typeof timestamp === "string" ? timestamp : created_at;
  return `${when.slice(0, 10)}, ${who}: ${content.slice(0, mostCharacters)}`;
}
