import type { TextRange } from "../load/loaded-document.ts";

/** Texts are segmented in windows, so that one endless line cannot block the thread. */
const windowCharacters = 20_000;
const abbreviation =
  /(?:^|[\s(])(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|cf|al|Fig|Figs|Eq|No|Nos|Vol|pp|Inc|Ltd|Co|Corp|approx|lit)\.\s*$/u;

/**
 * Sentences of a range, in order, without surrounding blanks; every other character of the range lies in one.
 * Wrapped lines count as one line. Yields ranges of the whole text.
 */
export function* sentenceRanges(text: string, range: TextRange): Generator<TextRange> {
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  let open: TextRange | null = null;
  for (const window of windows(text, range)) {
    // A line end would end a sentence; a blank of the same length keeps the offsets.
    const line = text.slice(window.start, window.end).replace(/[\r\n\u2028\u2029\u0085]/gu, " ");
    for (const { segment, index } of segmenter.segment(line)) {
      const start: number = open?.start ?? window.start + index;
      open = { start, end: window.start + index + segment.length };
      if (abbreviation.test(segment)) continue;
      const sentence = trimRange(text, open);
      if (sentence) yield sentence;
      open = null;
    }
  }
  const last = open && trimRange(text, open);
  if (last) yield last;
}

function* windows(text: string, range: TextRange): Generator<TextRange> {
  let start = range.start;
  while (range.end - start > windowCharacters) {
    const blank = text.slice(start, start + windowCharacters).search(/\s\S*$/u);
    const end = start + (blank > 0 ? blank + 1 : beforeSurrogate(text, start, windowCharacters));
    yield { start, end };
    start = end;
  }
  if (range.end > start) yield { start, end: range.end };
}

const beforeSurrogate = (text: string, start: number, length: number): number =>
  /[\uD800-\uDBFF]/.test(text.charAt(start + length - 1)) ? length - 1 : length;

/** The range without blanks at its ends; null when nothing is left. */
export function trimRange(text: string, range: TextRange): TextRange | null {
  let { start, end } = range;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return start < end ? { start, end } : null;
}

const isBlank = (text: string, index: number): boolean => /\s/u.test(text.charAt(index));
