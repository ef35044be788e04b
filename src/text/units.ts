import { splitSentences, type TextSpan, trimmed } from "./sentences.ts";

type UnitKind = "sentence" | "heading" | "list-item" | "table-row" | "record";

/** The smallest piece of a text that can be shown as an answer: `text.slice(start, end)`. */
export interface Unit extends TextSpan {
  readonly kind: UnitKind;
}

/** Longer units are cut, at a blank where there is one. */
export const longestUnit = 600;

/**
 * Cuts a text into units, in its order. Blank lines part blocks; headings, list items (with their wrapped lines), table
 * rows and records are units of their own; other lines are joined and cut into sentences. Lines that say nothing, such as
 * rules, the separators of tables, bare tags of HTML and the fences of code, belong to no unit.
 */
export function splitUnits(text: string): Unit[] {
  return blocks(text).flatMap((block) => {
    const spans =
      block.kind === "sentence"
        ? splitSentences(text.slice(block.start, block.end))
        : [{ start: 0, end: block.end - block.start }];
    return spans.flatMap((span) => cut(text, block.start + span.start, block.start + span.end, block.kind));
  });
}

const heading = /^ {0,3}#{1,6}\s/;
/** Cells between bars or tabs, or at least two that name their column: `name: Ann; since: 2014`. */
const tableRow = /^\s*\|[^|]+\||\s\|\s[^|]*\s\|\s|\S *\t *\S|^[^:;.?!]{1,60}: [^;]*; [^:;.?!]{1,60}: /;
/** The line under the names of a table's columns. */
const underHeader = /^\s*\|?(?:\s*:?-+:?\s*\|)+[\s:|-]*$/;
const listItem = /^\s*(?:[-*+•‣◦▪·–]|\(?(?:\d{1,3}|[a-z]|[ivxIVX]{2,5})[.)])\s+\S/;
const tags = /<\/?[a-z][^<>]*>|<!--.*?-->/gi;
const fence = /^\s*(?:`{3,}|~{3,})[^`]*$/;
const hasWord = /[\p{L}\p{N}]/u;
const saysNothing = (line: string): boolean => !hasWord.test(line.replaceAll(tags, "")) || fence.test(line);
const isIndented = /^(?:\t| {2,})/;

function kindOf(line: string): UnitKind {
  if (heading.test(line)) return "heading";
  if (tableRow.test(line)) return "table-row";
  return listItem.test(line) ? "list-item" : "sentence";
}

/** Neighbouring lines that belong together, without blanks around them. */
function blocks(text: string): Unit[] {
  const found: Unit[] = [];
  let open: { start: number; end: number; kind: UnitKind } | null = null;
  for (const { start, end } of lines(text)) {
    const line = text.slice(start, end);
    const kind = kindOf(line);
    if (saysNothing(line)) {
      if (open?.kind === "table-row" && underHeader.test(line)) open.kind = "heading";
      open = null;
    } else if (open !== null && kind === "sentence" && (open.kind === "sentence" || wraps(open.kind, line))) {
      open.end = end;
    } else {
      open = { start, end, kind };
      found.push(open);
    }
  }
  return found.flatMap((block) => {
    const span = trimmed(text, block.start, block.end);
    if (span === null) return [];
    const isOneRecord = block.kind === "sentence" && isRecord(text.slice(span.start, span.end));
    return [{ ...span, kind: isOneRecord ? "record" : block.kind }];
  });
}

const field = /^\s*([\p{L}_][\p{L}\p{N}_ .-]{0,30}):\s+\S/u;
const fewestFields = 3;

/** Lines that each name what they say, `status: open`: one alone says nothing. Speakers of a dialogue come again. */
function isRecord(block: string): boolean {
  if (block.length > longestUnit) return false;
  const names = block.split(/\r\n|[\n\r]/).map((line) => field.exec(line)?.[1]);
  return names.length >= fewestFields && !names.includes(undefined) && new Set(names).size === names.length;
}

/** Whether a plain line goes on with the list item above it. */
const wraps = (above: UnitKind, line: string): boolean =>
  above === "list-item" && (isIndented.test(line) || /^\s*\p{Ll}/u.test(line));

function* lines(text: string): Generator<TextSpan> {
  let start = 0;
  for (const { index, 0: mark } of text.matchAll(/\r\n|[\n\r\f\u2028\u2029]/g)) {
    yield { start, end: index };
    start = index + mark.length;
  }
  yield { start, end: text.length };
}

function cut(text: string, start: number, end: number, kind: UnitKind): Unit[] {
  const units: Unit[] = [];
  let from = start;
  while (end - from > longestUnit) {
    const to = cutBefore(text, from);
    const piece = trimmed(text, from, to);
    if (piece !== null) units.push({ ...piece, kind });
    from = to;
  }
  const rest = trimmed(text, from, end);
  return rest === null ? units : [...units, { ...rest, kind }];
}

/** The last blank in the second half of the longest unit that may begin at `from`; else between two characters. */
function cutBefore(text: string, from: number): number {
  const last = from + longestUnit;
  for (let at = last; at > from + longestUnit / 2; at -= 1) if (/\s/.test(text.charAt(at))) return at;
  const splitsPair = /[\ud800-\udbff]/.test(text.charAt(last - 1)) && /[\udc00-\udfff]/.test(text.charAt(last));
  return splitsPair ? last - 1 : last;
}
