/**
 * Names in tagged text: runs of proper nouns, joined over linkers ("University of California", "Jean-Pierre",
 * "Procter & Gamble"), without calendar words at their ends.
 *
 * What needs the whole collection is not decided here: whether a one-word name is capitalised in at least half of its
 * occurrences, which spans are titles of other passages, and which parts of a name are names themselves.
 */
import { nameKey } from "../name-key.ts";
import type { NamedRun, TaggedToken } from "./tagged-token.ts";

const longestName = 12;

/** Whether a dictionary has a word, in small letters. */
export type IsWord = (word: string) => boolean;

export function namedRuns(tokens: readonly TaggedToken[], text: string, isWord: IsWord): NamedRun[] {
  const runs: NamedRun[] = [];
  for (let at = 0; at < tokens.length; at++) {
    if (!beginsName(tokens, at)) continue;
    const last = gapWithin(tokens, text, at, endOfRun(tokens, at));
    for (const [first, end] of partsOfRun(tokens, text, [at, last], isWord)) {
      const run = trimmed(tokens, first, end);
      if (run !== null && isName(text, run)) runs.push(run);
    }
    at = last;
  }
  return runs;
}

const isName = (text: string, run: NamedRun): boolean =>
  isWorthKeeping(text.slice(run.start, run.end)) && !isShouted(text, run) && !isLabel(text, run);

/** The last token before a gap that no name has: columns of a table, a blank line, a line that ends in an initial. */
function gapWithin(tokens: readonly TaggedToken[], text: string, first: number, last: number): number {
  for (let at = first; at < last; at++) {
    const gap = text.slice(tokens[at]!.end, tokens[at + 1]!.start);
    const isWrapped = gap.includes("\n");
    if (isWrapped ? blankLine.test(gap) || initial.test(tokens[at]!.text) : columnGap.test(gap)) return at;
  }
  return last;
}
const columnGap = /\s{3}|\t/u;
const blankLine = /\n[^\S\n]*\n/u;
const initial = /^\p{Lu}\.?$/u;

/**
 * "Harald Nygaard of Polar Frost" are two names: what stands before "of" has several words, of which no dictionary has
 * any, so it is no kind of thing ("Museum of …", "Duke of …", "Fist of …"). Where the text has it alone, too, it is
 * enough that no dictionary has the last.
 */
function partsOfRun(
  tokens: readonly TaggedToken[],
  text: string,
  [first, last]: readonly [first: number, last: number],
  isWord: IsWord,
): readonly (readonly [first: number, last: number])[] {
  for (let at = first + 2; at < last; at++) {
    if (tokens[at]!.text !== "of") continue;
    const before = tokens.slice(first, at);
    const isAlone = new RegExp(
      `${literally(text.slice(before[0]!.start, before.at(-1)!.end))}(?![\\p{L}\\p{N}]| of\\b)`,
      "u",
    ).test(text);
    const telling = (isAlone ? before.slice(-1) : before).filter((token) => !initial.test(token.text));
    if (telling.length > 0 && telling.every((token) => isUnknown(token.text, isWord)))
      return [[first, at - 1], ...partsOfRun(tokens, text, [at + 1, last], isWord)];
  }
  return [[first, last]];
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const isUnknown = (word: string, isWord: IsWord): boolean =>
  /^\p{Lu}\p{L}{2,}$/u.test(word) && !isWord(word.toLowerCase()) && !isWord(word.toLowerCase().replace(/s$/, ""));

const startsLikeName = /^[\p{Lu}\p{Lt}\p{N}]|^\p{Ll}{1,2}\p{Lu}|^\p{Lo}/u;
const hasLetter = /\p{L}/u;

const isNameToken = ({ tag, text }: TaggedToken): boolean =>
  tag === "PROPN" && startsLikeName.test(text) && hasLetter.test(text);

/** A capital within a sentence makes a part of a name of what the tagger takes for a common or unknown word ("High School"). */
const isCapitalWord = ({ tag, text }: TaggedToken): boolean =>
  ["NOUN", "ADJ", "VERB", "X"].includes(tag) && capitalThenSmall.test(text);
const capitalThenSmall = /^\p{Lu}\p{Ll}/u;

function beginsName(tokens: readonly TaggedToken[], at: number): boolean {
  const [before, here, next] = [tokens[at - 1], tokens[at]!, tokens[at + 1]];
  if (isNameToken(here)) return true;
  const isInside = before !== undefined && !["PUNCT", "SPACE"].includes(before.tag);
  return (
    isInside &&
    here.tag !== "VERB" &&
    isCapitalWord(here) &&
    next !== undefined &&
    (isNameToken(next) || isCapitalWord(next))
  );
}

/** Words between the parts of one name. */
const linkers = new Set(
  "of de del della der den des di do dos da du la le las los el al bin ibn van von zu y e ter ten af av".split(" "),
);
const joinsWithoutBlanks = new Set(["-", "–", "'", "’", "/", "."]);

/** The last token of the run that begins at `first`. */
function endOfRun(tokens: readonly TaggedToken[], first: number): number {
  let last = first;
  while (last - first < longestName) {
    const next = nextPart(tokens, last);
    if (next === null) break;
    last = next;
  }
  const number = tokens[last + 1];
  return number !== undefined && isOrdinalOfName(tokens, last) ? last + 1 : last;
}

/** The next name token that belongs to the one at `last`, over a linker perhaps; null when the name ends. */
function nextPart(tokens: readonly TaggedToken[], last: number): number | null {
  const [here, next, second, third] = [last, last + 1, last + 2, last + 3].map((at) => tokens[at]);
  if (here === undefined || next === undefined) return null;
  if (isNameToken(next) || isCapitalWord(next)) return last + 1;
  if (second === undefined) return null;
  const isAttached = here.end === next.start && next.end === second.start;
  if (joinsWithoutBlanks.has(next.text)) {
    return isAttached && second.tag === "PROPN" ? last + 2 : null;
  }
  const isLinker = linkers.has(next.text) || (next.text === "&" && !isAttached);
  if (!isLinker) return null;
  if (isNameToken(second) || isCapitalWord(second)) return last + 2;
  const overArticle = next.text === "of" && second.text === "the" && third !== undefined && isNameToken(third);
  return overArticle || (linkers.has(second.text) && third !== undefined && isNameToken(third)) ? last + 3 : null;
}

/** "Apollo 11", "Boeing 747" but not "Beatles 12 albums" nor a year. */
function isOrdinalOfName(tokens: readonly TaggedToken[], last: number): boolean {
  const [number, after] = [tokens[last + 1], tokens[last + 2]];
  if (number === undefined || number.tag !== "NUM" || !/^\d{1,3}$/.test(number.text)) return false;
  return !calendar.has(tokens[last]!.text.toLowerCase()) && !["NOUN", "ADJ", "NUM", "SYM"].includes(after?.tag ?? "");
}

const calendar = new Set(
  (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug " +
    "sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri " +
    "sat sun bc bce ad ce am pm gmt utc est pst"
  ).split(" "),
);
/** "May" and "April" are also people; as a part of a longer name they stay unless they end it. */
const isCalendarWord = ({ text }: TaggedToken): boolean => calendar.has(text.toLowerCase().replace(/\.$/, ""));

/** "I'm Craig". */
const contraction = /^(?:I|You|He|She|It|We|They|That|There|How|What|Who|Here)['’](?:m|re|s|ve|d|ll)$/;
const honorifics = /^(?:Mr|Mrs|Ms|Dr|Prof|Sir|Mme|Mlle|Messrs)\.?$/;

/** Without calendar words and forms of address at the ends; null when nothing is left. */
function trimmed(tokens: readonly TaggedToken[], from: number, to: number): NamedRun | null {
  let [first, last] = [from, to];
  const isEdge = (token: TaggedToken): boolean =>
    isCalendarWord(token) || !hasLetterOrDigit.test(token.text) || linkers.has(token.text) || token.text === "the";
  while (first <= last && (isEdge(tokens[first]!) || isOpening(tokens[first]!.text))) first++;
  while (last >= first && isEdge(tokens[last]!)) last--;
  if (first > last) return null;
  return { start: tokens[first]!.start, end: endWithoutPossessive(tokens[last]!), first, last };
}

const isOpening = (word: string): boolean => honorifics.test(word) || contraction.test(word);

const hasLetterOrDigit = /[\p{L}\p{N}]/u;

/** The tagger leaves some possessives on their word ("John's"). */
function endWithoutPossessive({ text, end }: TaggedToken): number {
  const possessive = /['’]s?$/.exec(text);
  return possessive === null ? end : end - possessive[0].length;
}

/** A name has a word of three letters; initials and bare numbers lead anywhere. */
const isWorthKeeping = (name: string): boolean => /\p{L}{3}|\p{Lo}/u.test(nameKey(name));

/** The labels above a message name nothing. */
const isLabel = (text: string, { start, end }: NamedRun): boolean =>
  text[end] === ":" && /^(?:From|To|Cc|Bcc|Date|Sent|Subject)$/.test(text.slice(start, end));

/** In a line that is all capitals every word looks like a name. A short one alone may be an acronym. */
function isShouted(text: string, { start, end }: NamedRun): boolean {
  if (text.slice(start, end) !== text.slice(start, end).toUpperCase()) return false;
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const to = text.indexOf("\n", end);
  const line = text.slice(from, to === -1 ? undefined : to);
  return !/\p{Ll}/u.test(line) && (line.match(/\p{Lu}{2,}/gu)?.length ?? 0) > 2;
}
