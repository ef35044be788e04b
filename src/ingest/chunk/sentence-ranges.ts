import { splitSentences, trimmed } from "../../text/sentences.ts";
import type { TextRange } from "../load/loaded-document.ts";

/** Texts are split in windows, so that one endless line cannot hold the thread. */
const windowCharacters = 20_000;

/**
 * The sentences of a range as ranges of the whole text, in order; every character of it that is not blank lies in
 * one. A sentence longer than a window is parted.
 */
export function* sentenceRanges(text: string, range: TextRange): Generator<TextRange> {
  let { start } = range;
  while (start < range.end) {
    const end = windowEnd(text, start, range.end);
    const found = splitSentences(text.slice(start, end));
    // The window may have cut the last one: it begins the next window.
    const last = end < range.end && found.length > 1 ? found.pop() : undefined;
    for (const sentence of found) yield* clauses(text, { start: start + sentence.start, end: start + sentence.end });
    start = last ? start + last.start : end;
  }
}

/** Longer sentences are mostly none: text without capitals, lines of a log, lists run together. */
const longSentence = 320;
/** Where they may be cut: behind a full stop whatever follows, at line ends, also written out as in dumped strings. */
const clauseEnd = /[.!?;]["'”’)\]]*\s+|[\r\n]+|\\n/gu;
const shortestClause = 40;

function* clauses(text: string, sentence: TextRange): Generator<TextRange> {
  if (sentence.end - sentence.start <= longSentence) {
    yield sentence;
    return;
  }
  let { start } = sentence;
  for (const match of text.slice(sentence.start, sentence.end).matchAll(clauseEnd)) {
    const end = sentence.start + match.index + match[0].length;
    if (end - start < shortestClause || sentence.end - end < shortestClause) continue;
    const clause = trimRange(text, { start, end });
    if (clause) yield clause;
    start = end;
  }
  const rest = trimRange(text, { start, end: sentence.end });
  if (rest) yield rest;
}

function windowEnd(text: string, start: number, end: number): number {
  const wanted = start + windowCharacters;
  if (wanted >= end) return end;
  const cutsPair = /[\uD800-\uDBFF]/.test(text.charAt(wanted - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(wanted));
  return cutsPair ? wanted - 1 : wanted;
}

/** The range without blanks at its ends; null when nothing is left. */
export const trimRange = (text: string, range: TextRange): TextRange | null => trimmed(text, range.start, range.end);
