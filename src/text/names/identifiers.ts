/**
 * Words of programs: "FST_ERR_CTP_BODY_TOO_LARGE", "max_old_space_size", "bodyLimit". None is made of names, whatever it
 * is made of. A name in capitals and small letters with underscores for blanks ("Peter_Jackson") is a plain one.
 */
import { isJoinedWord } from "../name-key.ts";
import type { TextSpan } from "../sentences.ts";
import type { TaggedToken } from "./tagged-token.ts";

const joined = /(?<![\p{L}\p{N}_])[\p{L}\p{N}]+(?:_[\p{L}\p{N}]+)+(?![\p{L}\p{N}_])/gu;
const humped = /(?<![\p{L}\p{N}_])\p{Ll}{3,}[\p{Ll}\p{N}]*(?:\p{Lu}[\p{L}\p{N}]*)+(?![\p{L}\p{N}_])/gu;

export interface Identifier extends TextSpan {
  /** Without small letters: constants and error codes are names. Of variables every passage of code is full. */
  readonly isConstant: boolean;
}

/** In the order of the text. */
export function findIdentifiers(text: string): Identifier[] {
  const words = [...text.matchAll(joined)].filter(([word]) => isJoinedWord(word));
  return [...words, ...text.matchAll(humped)]
    .filter(([word]) => /\p{L}{3}/u.test(word))
    .map(({ 0: word, index }) => ({
      start: index,
      end: index + word.length,
      isConstant: !/\p{Ll}/u.test(word),
    }))
    .toSorted((a, b) => a.start - b.start);
}

/** The tokens with one, of no part of speech, in place of those that an identifier was cut into. */
export function withWholeIdentifiers(
  tokens: readonly TaggedToken[],
  text: string,
  identifiers: readonly TextSpan[],
): TaggedToken[] {
  const whole: TaggedToken[] = [];
  let next = 0;
  for (const token of tokens) {
    while (next < identifiers.length && identifiers[next]!.end <= token.start) next++;
    const identifier = identifiers[next];
    if (identifier === undefined || token.end <= identifier.start) whole.push(token);
    else if (whole.at(-1)?.start !== identifier.start) {
      const { start, end } = identifier;
      whole.push({ text: text.slice(start, end), tag: "X", start, end });
    }
  }
  return whole;
}
