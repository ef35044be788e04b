import { decodeText } from "./decode-text.ts";
import type { Block, LoadedDocument, Loader, TextRange } from "./loaded-document.ts";

/** A line this long is a paragraph of its own; shorter ones are taken as wrapped. */
const paragraphLine = 200;
const maxHeadingLength = 90;

export const loadText: Loader = ({ bytes }) => textDocument(decodeText(bytes), "text/plain");

/** Program text: blank lines part it, nothing in it is a heading. */
export const loadCode: Loader = ({ bytes }) => {
  const text = decodeText(bytes);
  const blocks = groupLines(linesOf(text)).map((lines): Block => ({ kind: "code", ...rangeOf(lines), page: null }));
  return { title: null, mime: "text/plain", text, blocks, links: [], metadata: {} };
};

/** Plain text: the text itself is stored, paragraphs, list items and headings are guessed from its lines. */
export function textDocument(text: string, mime: string): LoadedDocument {
  const blocks = groupLines(linesOf(text)).flatMap((lines) => groupBlocks(text, lines));
  return { title: null, mime, text, blocks, links: [], metadata: {} };
}

const linesOf = (text: string): readonly TextRange[] => {
  const lines: TextRange[] = [];
  for (const match of text.matchAll(/[^\r\n\u2028\u2029]+/gu)) {
    const leading = match[0].length - match[0].trimStart().length;
    const trimmed = match[0].trim().length;
    if (trimmed > 0) lines.push({ start: match.index + leading, end: match.index + leading + trimmed });
    else lines.push({ start: match.index, end: match.index });
  }
  return withBlankLines(text, lines);
};

/** An empty line leaves no match; the gap with two line ends tells. */
function withBlankLines(text: string, lines: readonly TextRange[]): readonly TextRange[] {
  const result: TextRange[] = [];
  let end = 0;
  for (const line of lines) {
    const breaks = text.slice(end, line.start).match(/\r\n|[\r\n\u2028\u2029]/gu)?.length ?? 0;
    if (breaks > 1) result.push({ start: line.start, end: line.start });
    result.push(line);
    end = line.end;
  }
  return result;
}

function groupLines(lines: readonly TextRange[]): readonly (readonly TextRange[])[] {
  const groups: TextRange[][] = [[]];
  for (const line of lines) {
    if (line.end === line.start) groups.push([]);
    else groups.at(-1)?.push(line);
  }
  return groups.filter((group) => group.length > 0);
}

function groupBlocks(text: string, lines: readonly TextRange[]): readonly Block[] {
  const blocks: Block[] = [];
  let open: TextRange[] = [];
  const close = (): void => {
    if (open.length > 0) blocks.push(paragraph(text, open));
    open = [];
  };
  for (const [index, line] of lines.entries()) {
    const heading = headingOf(text.slice(line.start, line.end), lines.length === 1, index === 0);
    if (heading) {
      close();
      blocks.push({ kind: "heading", ...line, ...heading, page: null });
    } else {
      if (startsParagraph(text, line, open.at(-1))) close();
      open.push(line);
    }
  }
  close();
  return blocks;
}

const startsParagraph = (text: string, line: TextRange, before: TextRange | undefined): boolean =>
  before !== undefined &&
  (line.end - line.start > paragraphLine ||
    before.end - before.start > paragraphLine ||
    isListItem(text.slice(line.start, line.start + 12)));

const isListItem = (line: string): boolean => /^(?:[-*+•‣–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s/u.test(line);

function paragraph(text: string, lines: readonly TextRange[]): Block {
  const range = rangeOf(lines);
  const kind = isListItem(text.slice(range.start, range.start + 12)) ? "list-item" : "paragraph";
  return { kind, ...range, page: null };
}

const rangeOf = (lines: readonly TextRange[]): TextRange => ({
  start: lines[0]?.start ?? 0,
  end: lines.at(-1)?.end ?? 0,
});

/** "= Wiki =", "= = Deeper = =", "# Markdown", "==== Part", "2.1 Numbered" or "ALL CAPITALS" on a line of its own. */
function headingOf(line: string, alone: boolean, first: boolean): { level: number; label: string } | null {
  if (line.length > maxHeadingLength) return null;
  const marked = /^(?<mark>(?:= ?){1,6}|#{1,6})\s*(?<=\s)(?<label>[^\s=#].*?)[\s=#]*$/u.exec(line);
  if (marked?.groups) {
    const level = marked.groups["mark"]?.replaceAll(" ", "").length ?? 1;
    return { level, label: marked.groups["label"] ?? "" };
  }
  if (!alone && !first) return null;
  const numbered = /^(?<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?<label>\p{Lu}.*[^.,;:])$/u.exec(line);
  if (alone && numbered?.groups && line.split(/\s+/u).length <= 12) {
    return { level: (numbered.groups["number"] ?? "").split(".").length, label: line };
  }
  const letters = line.replace(/[^\p{L}]/gu, "");
  const shouted =
    alone && letters.length >= 4 && letters === letters.toUpperCase() && letters !== letters.toLowerCase();
  return shouted && !/[.,;]$/u.test(line) ? { level: 2, label: line } : null;
}
