import { splitSentences } from "../../text/sentences.ts";
import { namingListener, namingSpeaker } from "./first-person.ts";
import { plainWords } from "./plain-words.ts";
import type { ConversationKind, Turn } from "./turn.ts";

/** A turn with its neighbours; null at the ends of a sitting. */
export interface TurnInPlace {
  readonly before: Turn | null;
  readonly turn: Turn;
  readonly after: Turn | null;
}

/** The turn at an index among its neighbours in the conversation. */
export function placeOf(turns: readonly Turn[], at: number): TurnInPlace {
  const turn = turns[at]!;
  const neighbour = (index: number): Turn | null => {
    const found = turns[index];
    return found?.sitting === turn.sitting ? found : null;
  };
  return { before: neighbour(at - 1), turn, after: neighbour(at + 1) };
}

/** What a turn's one vector is made of. */
export interface TurnTexts {
  readonly own: string;
  /** Between people; null: the vector is that of its own text. */
  readonly window: string | null;
}

export const textsOf = (place: TurnInPlace, kind: ConversationKind): TurnTexts => ({
  own: ownText(place, kind),
  window: kind === "people" ? windowText(place) : null,
});

/** What the own text counts in the vector, of 1. */
const ownShare = 0.6;

/** A dot product is linear, so one vector answers for both; it is not of unit length. */
export const blended = (own: Float32Array, window: Float32Array | null): Float32Array =>
  window === null ? own : own.map((value, at) => ownShare * value + (1 - ownShare) * window[at]!);

/** Characters of each neighbour that the window shows. */
const windowCharacters = 400;

/**
 * The text that a turn's vector is made of. Between people it names whoever says "I", behind the questions that it
 * answers: the last two of the turn before. What a user and an assistant say stands for itself.
 */
function ownText({ before, turn }: TurnInPlace, kind: ConversationKind): string {
  if (kind === "assistant") return plainWords(turn.text);
  const { speaker, text } = turn;
  if (speaker === null) return [...questionsTo(before, turn), text].join(" ");
  const named = namingSpeaker(text, speaker);
  const own = named.startsWith(speaker) ? named : `${speaker}: ${named}`;
  return [...questionsTo(before, turn).map((asked) => namingListener(asked, speaker)), own].join(" ");
}

/** The turn between its neighbours, as they were said. */
function windowText({ before, turn, after }: TurnInPlace): string {
  const said = [before?.text.slice(0, windowCharacters), turn.text, after?.text.slice(0, windowCharacters)];
  return said.filter((text) => text !== undefined).join(" ");
}

/** The last two questions of the turn before, when somebody else asked them in the same sitting. */
export function questionsTo(before: Turn | null, turn: Turn): readonly string[] {
  if (before === null || before.sitting !== turn.sitting || before.speaker === turn.speaker) return [];
  return questionsIn(before.text).slice(-2);
}

const questionsIn = (text: string): readonly string[] =>
  text.includes("?")
    ? splitSentences(text)
        .map(({ start, end }) => text.slice(start, end))
        .filter((sentence) => sentence.endsWith("?"))
    : [];
