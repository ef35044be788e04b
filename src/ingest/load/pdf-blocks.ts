import { lineText, type PdfLine } from "./pdf-lines.ts";
import type { TextBuilder } from "./text-builder.ts";

export interface PdfPage {
  /** From 1. */
  readonly page: number;
  readonly lines: readonly PdfLine[];
}

const headingSize = 1.14;
const maxHeadingCharacters = 160;
const bullet = /^(?:[•‣▪●○–◦∙·*-]|\(?\d{1,3}[.)]|\([a-z]\))\s/u;
const numbered = /^(?<number>(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,3})\.?\s+\p{Lu}[^.;:]{2,70}$/u;
const captionStart = /^(?:Fig(?:ure|\.)|Table|Tab\.|Listing|Chart)\s*[\dIVX]+/u;

/** Turns lines into headings, paragraphs, list items and tables; no block reaches over a page. */
export function addPdfBlocks(pages: readonly PdfPage[], builder: TextBuilder): void {
  const all = pages.flatMap((page) => page.lines);
  const body = bodySize(all);
  const levels = headingLevels(all, body);
  const repeated = runningLines(pages);
  for (const { page, lines } of pages) {
    const kept = lines.filter((line) => page === firstPageOf(line, repeated) || !repeated.has(furnitureKey(line)));
    for (const group of groupLines(kept, body)) addGroup(group, { page, body, levels }, builder);
  }
}

/** The size that most characters are set in. */
function bodySize(lines: readonly PdfLine[]): number {
  const characters = new Map<number, number>();
  for (const line of lines) {
    const size = roundSize(line.size);
    characters.set(size, (characters.get(size) ?? 0) + lineText(line).length);
  }
  return [...characters].reduce((best, next) => (next[1] > best[1] ? next : best), [10, 0] as [number, number])[0];
}

/** Sizes above the body's, the largest is level 1. */
function headingLevels(lines: readonly PdfLine[], body: number): ReadonlyMap<number, number> {
  const sizes = new Set(
    lines.filter((line) => line.size > body * headingSize && !line.rotated).map((line) => roundSize(line.size)),
  );
  return new Map([...sizes].toSorted((a, b) => b - a).map((size, index) => [size, Math.min(6, index + 1)]));
}

const roundSize = (size: number): number => Math.round(size * 2) / 2;

/** Page headers and footers: first or last lines that most pages share but for the numbers in them. */
function runningLines(pages: readonly PdfPage[]): ReadonlyMap<string, number> {
  const seen = new Map<string, number[]>();
  for (const { page, lines } of pages) {
    const edges = new Set([...lines.slice(0, 2), ...lines.slice(-2)].map(furnitureKey));
    for (const key of edges) seen.set(key, [...(seen.get(key) ?? []), page]);
  }
  const running = [...seen].filter(([, on]) => on.length >= 4 && on.length * 2 > pages.length);
  return new Map(running.map(([key, on]) => [key, on[0] ?? 1]));
}

const furnitureKey = (line: PdfLine): string => lineText(line).replace(/\d+/gu, "#");

const firstPageOf = (line: PdfLine, repeated: ReadonlyMap<string, number>): number | undefined =>
  repeated.get(furnitureKey(line));

type Group = readonly PdfLine[];

function groupLines(lines: readonly PdfLine[], body: number): readonly Group[] {
  const groups: PdfLine[][] = [];
  const gap = typicalGap(lines);
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    if (before && continues(before, line, gap, body)) groups.at(-1)?.push(line);
    else groups.push([line]);
  }
  return groups;
}

/** Between the baselines of neighbouring lines. */
function typicalGap(lines: readonly PdfLine[]): number {
  const gaps = lines
    .slice(1)
    .map((line, index) => (lines[index]?.baseline ?? 0) - line.baseline)
    .filter((gap) => gap > 1)
    .toSorted((a, b) => a - b);
  return gaps[gaps.length >> 1] ?? 12;
}

function continues(before: PdfLine, line: PdfLine, gap: number, body: number): boolean {
  if (isTabular(before) || isTabular(line)) return isTabular(before) && isTabular(line);
  if (Math.abs(before.size - line.size) > 0.1 * Math.max(before.size, line.size)) return false;
  const text = lineText(line);
  if (bullet.test(text) || captionStart.test(text)) return false;
  if (line.size <= body * headingSize && (isNumbered(text) || isNumbered(lineText(before)))) return false;
  const down = before.baseline - line.baseline;
  const ended = /[.!?:][)"”’\]]*$/u.test(lineText(before));
  // Up again: the next column, which goes on with the sentence when the last one is open.
  if (down < 0) return !ended && /^\p{Ll}/u.test(text);
  if (down > Math.max(1.45 * gap, 1.9 * line.size)) return false;
  const indented = line.left > before.left + 0.8 * line.size;
  const short = before.right < line.right - 4 * line.size;
  return !(ended && (indented || short));
}

/** "2.1 Results"; "2. Results" is as often an item of a list. */
const isNumbered = (text: string): boolean => numbered.test(text) && !bullet.test(text);

const isTabular = (line: PdfLine): boolean => line.cells.length > 1;

interface PageContext {
  readonly page: number;
  readonly body: number;
  readonly levels: ReadonlyMap<number, number>;
}

function addGroup(group: Group, context: PageContext, builder: TextBuilder): void {
  const { page } = context;
  const [first] = group;
  if (!first) return;
  if (isTabular(first)) {
    if (group.length > 1)
      builder.table(
        group.map((line) => line.cells.join(" | ")),
        { page },
      );
    else builder.block("paragraph", first.cells.join(" | "), { page });
    return;
  }
  const text = joinLines(group.map(lineText));
  const level = headingLevel(first, text, group.length, context);
  if (level !== null) builder.block("heading", text, { level, page });
  else if (captionStart.test(text)) builder.block("caption", text, { page });
  else builder.block(bullet.test(text) ? "list-item" : "paragraph", text, { page });
}

function headingLevel(first: PdfLine, text: string, lines: number, context: PageContext): number | null {
  if (first.rotated || !/\p{L}{2}/u.test(text) || text.length > maxHeadingCharacters) return null;
  if (bullet.test(text) && !numbered.test(text)) return null;
  if (first.size > context.body * headingSize) return context.levels.get(roundSize(first.size)) ?? 1;
  if (lines > 1 || first.size < context.body * 0.97 || !isNumbered(text)) return null;
  const number = numbered.exec(text)?.groups?.["number"] ?? "";
  return Math.min(6, context.levels.size + number.split(".").length);
}

/** A hyphen at a line's end before a small letter is the typesetter's. */
function joinLines(lines: readonly string[]): string {
  return lines.reduce((text, line) => {
    if (/\p{L}[-\u00AD]$/u.test(text) && /^\p{Ll}/u.test(line)) return text.slice(0, -1) + line;
    return text === "" ? line : `${text} ${line}`;
  }, "");
}
