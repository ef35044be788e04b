import { instantOf } from "../../filter/instant.ts";
import type { Message, Role } from "../../records.ts";

/** A message as it is searched for. */
export interface Turn {
  readonly sequence: number;
  readonly role: Role;
  /** Who says it, where people are named; null: only the role is known. */
  readonly speaker: string | null;
  /** What is said, without the name of who says it. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Which sitting of a long conversation it belongs to: turns of one were said after one another. */
  readonly sitting: string;
}

/** Between people who name themselves, or between a user and an assistant: they are read differently. */
export type ConversationKind = "people" | "assistant";

export const kindOf = (turns: readonly Pick<Turn, "role">[]): ConversationKind =>
  turns.some(({ role }) => role === "assistant") ? "assistant" : "people";

/** After so long a silence another sitting begins, where messages do not say which they belong to. */
const silenceMs = 6 * 3_600_000;

/**
 * `metadata.speaker` says who speaks, `metadata.timestamp` when (else: when it was written), `metadata.session` in which
 * sitting.
 *
 * @param before the turn before it in the conversation.
 */
export function turnOf(message: Omit<Message, "session_id">, before: Turn | null): Turn {
  const { sequence, role, content, metadata, created_at } = message;
  const speaker = nameOf(metadata["speaker"]);
  const stamp = metadata["timestamp"];
  const at = (typeof stamp === "string" ? instantOf(stamp) : null) ?? Date.parse(created_at);
  const label = speaker ?? role;
  const text = startsWithName(content, label) ? content.slice(label.length + 1).trimStart() : content;
  return { sequence, role, speaker, text, at, sitting: sittingOf(metadata["session"], at, before) };
}

const nameOf = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : null;

const startsWithName = (content: string, name: string): boolean =>
  content.length > name.length && content.startsWith(`${name}:`);

function sittingOf(named: unknown, at: number, before: Turn | null): string {
  if (typeof named === "string" || typeof named === "number") return `named ${named}`;
  if (before !== null && Math.abs(at - before.at) < silenceMs) return before.sitting;
  return `from ${at}`;
}
