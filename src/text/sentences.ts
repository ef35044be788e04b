/** A stretch of a text in UTF-16 code units, without the blanks around it. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of running text. Line breaks count as blanks; a sentence never ends after an abbreviation or an
 * initial, nor before a lower-case letter, and keeps the notes and marks that it ends with: `so.[3][4] Then`,
 * `**So.** Then`. Every character that is not blank lies in exactly one span.
 */
export function splitSentences(text: string): TextSpan[] {
  const flat = text.replace(/[\r\n\t\f\v\u2028\u2029]/g, " ");
  const spans: TextSpan[] = [];
  for (const { segment, index } of segmenter.segment(flat)) {
    const previous = spans.at(-1);
    const from = previous === undefined ? index : endOfMarks(flat, previous, index);
    if (previous !== undefined && from > index) spans[spans.length - 1] = { start: previous.start, end: from };
    const span = trimmed(flat, from, index + segment.length);
    if (span === null) continue;
    const before = spans.at(-1);
    if (before !== undefined && continues(flat, before, span)) {
      spans[spans.length - 1] = { start: before.start, end: span.end };
    } else {
      spans.push(span);
    }
  }
  return spans;
}

/**
 * The segmenter parts `so.[3]` behind the bracket, and `**So.**` before the asterisks. Where the notes and marks that
 * begin so end, else where the segment begins.
 */
function endOfMarks(text: string, previous: TextSpan, start: number): number {
  const marks = previous.end === start ? /^(?:\*{1,3}|_{1,3}|`{1,3})(?=\s|$)/.exec(text.slice(start, start + 4)) : null;
  if (marks !== null) return start + marks[0].length;
  if (!/\S\[$/.test(text.slice(previous.end - 2, start))) return start;
  const notes = /^[\p{L}\d]{1,4}\](?:\[[\p{L}\d]{1,4}\])*/u.exec(text.slice(start, start + 60));
  return notes === null ? start : start + notes[0].length;
}

/** Null when there is nothing but blanks. */
export function trimmed(text: string, start: number, end: number): TextSpan | null {
  const slice = text.slice(start, end);
  const from = start + slice.length - slice.trimStart().length;
  const to = start + slice.trimEnd().length;
  return from < to ? { start: from, end: to } : null;
}

/** They stand before a name or a number, so that what follows them belongs to them. */
const titles =
  "Mr|Mrs|Ms|Dr|Prof|St|Mt|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Maj|Adm|Rev|Hon|Pres|Messrs|Mme|Mlle|vs|cf|viz|e\\.g|i\\.e|" +
  "al|approx|ca|Fig|Figs|Eq|Eqs|Ref|Refs|Sec|Ch|Vol|Vols|pp|ed|eds|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec";
const endsInAbbreviation = new RegExp(`(?:^|[\\s(\\["“‘'])(?:${titles})\\.$`, "i");
const endsInNumberMark = /(?:^|[\s([])(?:nos?|p|art|para)\.$/i;
const endsInInitial = /(?:^|[\s(["“])(?:\p{Lu}\.)+$/u;
const startsInLowerCase = /^["'“‘(]?\p{Ll}/u;
const startsInDigit = /^\d/;
/** A full stop with this right behind it stands inside an address or a name of a file: `(./Server.md)`. */
const goesOnUnspaced = /^[\\/#?&=:@_~-]/;
/** Words that begin a sentence rather than go on with a name. */
const beginsSentence =
  /^(?:The|A|An|In|On|At|It|Its|He|She|We|They|This|That|These|Those|But|And|However|When|As|For|If|There|His|Her|Their|Our|You|I)\b/;

function continues(text: string, previous: TextSpan, next: TextSpan): boolean {
  const after = text.slice(next.start, next.start + 12);
  if (startsInLowerCase.test(after)) return true;
  if (previous.end === next.start && goesOnUnspaced.test(after)) return true;
  const before = text.slice(Math.max(previous.start, previous.end - 16), previous.end);
  if (endsInAbbreviation.test(before)) return true;
  if (endsInNumberMark.test(before)) return startsInDigit.test(after);
  return endsInInitial.test(before) && !beginsSentence.test(after);
}
