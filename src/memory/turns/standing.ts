import { splitSentences } from "../../text/sentences.ts";
import { plainWords } from "./plain-words.ts";

/** Something that holds for all that comes later: how to answer, or what its speaker likes. */
export type StandingKind = "instruction" | "preference";

const opening =
  "^(?:(?:please|also|and|so|ok|okay|oh|remember(?: to)?|can you|could you|would you|i(?:'d| would)? (?:like|want|need) you to|make sure(?: to| you| that you)?|be sure to),?\\s+)*";

const instruction = new RegExp(
  `${opening}(?:always|never|from now on|from here on|going forward|in (?:the )?future|whenever|every time|each time|at all times|do not ever|don't ever)\\b`,
  "iu",
);

const preference =
  /\bI(?:'d| would| do| really| generally| usually| always| also|'ve always)*\s+(?:much )?(?:prefer|favou?r|rather|like to|love to|hate to|enjoy|dislike|can't stand|am (?:not )?(?:a fan of|fond of)|tend to)\b|\bI'm (?:not )?(?:a (?:big |huge )?fan of|fond of)\b|\bmy (?:preference|favou?rite)\b|\bI would rather\b/iu;

/**
 * By how English puts them: a sentence that begins with "always", "from now on" or the like, or one that says what its
 * speaker prefers. What was told as news or asked once is neither.
 */
export function standingKind(text: string): StandingKind | null {
  const plain = plainWords(text);
  const sentences = splitSentences(plain).map(({ start, end }) => plain.slice(start, end));
  if (sentences.some((sentence) => instruction.test(sentence) && !sentence.endsWith("?"))) return "instruction";
  return preference.test(plain) ? "preference" : null;
}
