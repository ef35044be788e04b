import { nameTokens } from "../../text/name-key.ts";
import { englishStopWords } from "../../text/stop-words.ts";
import { numbersIn } from "./numbers.ts";

/** Capitalised words that a question or sentence begins with without naming anything. */
const openers = new Set(
  (
    "what who whom whose which where when why how is are was were do does did can could will would should shall may " +
    "might must has have had am please tell give list show name find describe explain compare according under over " +
    "between among during before after since until although though while because if unless from by with without about " +
    "he she it they we you i his her its their our your my this that these those there here then also however both " +
    "either neither each every all some many most other another one two three not no yes so but and or for in on at to " +
    "of as the a an"
  ).split(" "),
);

const capitalised =
  /\p{Lu}[\p{L}\p{N}&’'.-]*(?:[ ](?:(?:of|the|de|la|van|von|der|and)[ ]){0,2}\p{Lu}[\p{L}\p{N}&’'.-]*)*/gu;

/**
 * Names as written: runs of capitalised words, without words that merely open a sentence and without possessive
 * endings. Lower-case names are not seen.
 */
export function namesIn(text: string): readonly string[] {
  const names = [...text.matchAll(capitalised)]
    .filter(({ 0: run, index }) => run.includes(" ") || !sentenceStart.test(text.slice(0, index)))
    .map(([run]) => withoutOpeners(run))
    .filter((name) => name !== "");
  return [...new Set(names)];
}

/** A single capitalised word there may be any word. */
const sentenceStart = /(?:^|[.?!:]["'”’)]*\s)\s*$/;

/** A word that has a capital only because a sentence begins with it. */
export const opensSentence = (word: string): boolean => openers.has(word.toLowerCase().replace(/['’].*$/, ""));

function withoutOpeners(run: string): string {
  const words = run
    .replaceAll(/['’]s\b/g, "")
    .replace(/[.'’-]+$/, "")
    .split(" ");
  const first = words.findIndex((word) => !opensSentence(word));
  return first < 0 ? "" : words.slice(first).join(" ");
}

/** A passage as the names and numbers in it. */
export interface Mentions {
  readonly words: ReadonlySet<string>;
  readonly numbers: ReadonlySet<number>;
}

export const mentionsOf = (text: string): Mentions => ({
  words: new Set(nameTokens(text)),
  numbers: new Set(numbersIn(text).map((number) => number.value)),
});

/**
 * The names and numbers of a question that no passage mentions, as written: all words of a name must stand in one
 * passage, in any order.
 */
export function unmentioned(question: string, passages: readonly Mentions[]): readonly string[] {
  const names = namesIn(question).filter((name) => {
    const words = nameTokens(name).filter((word) => !englishStopWords.has(word));
    return words.length > 0 && !passages.some((passage) => words.every((word) => passage.words.has(word)));
  });
  const numbers = numbersIn(question)
    .filter((number) => !passages.some((p) => p.numbers.has(number.value) || p.words.has(number.text)))
    .map((number) => number.text)
    .filter((number) => !names.some((name) => name.includes(number)));
  return [...names, ...new Set(numbers)];
}
