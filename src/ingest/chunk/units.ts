import type { Block, BlockKind, TextRange } from "../load/loaded-document.ts";
import { sentenceRanges, trimRange } from "./sentence-ranges.ts";

/** A heading above a unit. */
export interface HeadingMark {
  readonly label: string;
  readonly level: number;
  readonly start: number;
}

/** The smallest piece that chunks are made of: a sentence, a heading, a table row, a line of code. */
export interface Unit extends TextRange {
  readonly kind: BlockKind;
  readonly page: number | null;
  readonly tokens: number;
  readonly path: readonly HeadingMark[];
  /** How the unit joins the one before: what a chunk boundary here would part. */
  readonly joint: Joint;
  /** Header row of the table that the unit is a row of. */
  readonly tableHeader?: string;
}

export type Joint = "heading" | "block" | "paragraph" | "list-item" | "sentence" | "row" | "piece";

export interface UnitOptions {
  readonly countTokens: (text: string) => number;
  /** No unit has more, unless it is one grapheme. */
  readonly maxTokens: number;
}

/** Cuts the blocks of a text, and whatever lies between them, into units that hold every non-blank character but asides. */
export function* unitsOf(text: string, blocks: readonly Block[], options: UnitOptions): Generator<Unit> {
  let path: readonly HeadingMark[] = [];
  for (const block of fillGaps(text, blocks)) {
    if (block.kind === "aside") continue;
    if (block.kind === "heading") path = descend(path, block, text);
    let joint = outerJoint(block);
    for (const { header, ...piece } of piecesOf(text, block, options)) {
      const tokens = options.countTokens(text.slice(piece.start, piece.end));
      for (const part of fitted(text, piece, tokens, options)) {
        const tableHeader = header && block.rows?.[0]?.start !== piece.start ? { tableHeader: header } : {};
        yield { ...part, kind: block.kind, page: block.page, path, joint, ...tableHeader };
        joint = "piece";
      }
      joint = block.kind === "table" || block.kind === "code" ? "row" : "sentence";
    }
  }
}

/** The blocks in order, clipped so that they do not overlap, with text between them as paragraphs. */
function* fillGaps(text: string, blocks: readonly Block[]): Generator<Block> {
  let end = 0;
  let page: number | null = blocks[0]?.page ?? null;
  for (const block of blocks) {
    const gap = trimRange(text, { start: end, end: Math.max(end, block.start) });
    if (gap) yield { kind: "paragraph", ...gap, page };
    const range = trimRange(text, { start: Math.max(end, block.start), end: Math.min(text.length, block.end) });
    if (range) yield { ...block, ...range };
    end = Math.max(end, block.end);
    page = block.page;
  }
  const tail = trimRange(text, { start: end, end: text.length });
  if (tail) yield { kind: "paragraph", ...tail, page };
}

function descend(path: readonly HeadingMark[], block: Block, text: string): readonly HeadingMark[] {
  const level = block.level ?? 1;
  const label = block.label ?? text.slice(block.start, block.end);
  const outer = path.filter((mark) => mark.level < level);
  return label.trim() ? [...outer, { label, level, start: block.start }] : outer;
}

const outerJoint = (block: Block): Joint => {
  if (block.kind === "heading" || block.kind === "list-item" || block.kind === "paragraph") return block.kind;
  return "block";
};

type Piece = TextRange & { readonly header?: string | undefined };

function* piecesOf(text: string, block: Block, options: UnitOptions): Generator<Piece> {
  if (block.kind === "heading") yield { start: block.start, end: block.end };
  else if (block.kind === "code") yield* lines(text, block);
  else if (block.kind === "table" && block.rows) yield* tableRows(text, block, options);
  else yield* sentenceRanges(text, block);
}

/** A table that fits is one piece; of a longer one, every row is. */
function* tableRows(text: string, block: Block, options: UnitOptions): Generator<Piece> {
  const short = block.end - block.start <= options.maxTokens * 12;
  if (short && options.countTokens(text.slice(block.start, block.end)) <= options.maxTokens) {
    yield { start: block.start, end: block.end };
    return;
  }
  const [first] = block.rows ?? [];
  const header = block.header && first ? text.slice(first.start, first.end) : undefined;
  // What stands between two rows (Markdown's line of dashes) goes with the row before it.
  const starts = (block.rows ?? []).map((row) => Math.max(block.start, row.start));
  for (const [index, start] of starts.entries()) {
    const from = index === 0 ? block.start : start;
    const row = trimRange(text, { start: from, end: Math.min(block.end, starts[index + 1] ?? block.end) });
    if (row) yield { ...row, header };
  }
}

function* lines(text: string, range: TextRange): Generator<TextRange> {
  let start = range.start;
  while (start < range.end) {
    const found = text.indexOf("\n", start);
    const end = found < 0 || found >= range.end ? range.end : found + 1;
    const line = trimEnd(text, { start, end });
    if (line) yield line;
    start = end;
  }
}

/** Code keeps its indentation. */
const trimEnd = (text: string, range: TextRange): TextRange | null => {
  const trimmed = trimRange(text, range);
  return trimmed && { start: range.start, end: trimmed.end };
};

type Measured = TextRange & { readonly tokens: number };

/** Cuts a piece that is too long: at line ends, else at blanks, else between graphemes. */
function* fitted(text: string, piece: TextRange, tokens: number, options: UnitOptions): Generator<Measured> {
  if (tokens <= options.maxTokens) {
    yield { start: piece.start, end: piece.end, tokens };
    return;
  }
  let rest: TextRange | null = { start: piece.start, end: piece.end };
  while (rest) {
    const cut: Measured = longestFit(text, rest, options);
    yield cut;
    rest = trimRange(text, { start: cut.end, end: rest.end });
  }
}

/** The longest beginning within the budget that ends at a good place. */
function longestFit(text: string, rest: TextRange, options: UnitOptions): Measured {
  const measure = (end: number): number => options.countTokens(text.slice(rest.start, end));
  let fits = rest.start;
  let over = rest.end + 1;
  // Gallop, so that the rest of an endless line is not measured for each of its pieces.
  for (let size = options.maxTokens; fits + size < over; size *= 2) {
    const end = Math.min(rest.end, rest.start + size);
    if (measure(end) > options.maxTokens) over = end;
    else fits = end;
    if (fits === rest.end) return { ...rest, tokens: measure(rest.end) };
  }
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (measure(middle) > options.maxTokens) over = middle;
    else fits = middle;
  }
  const end = goodEnd(text, rest, fits);
  const range = trimRange(text, { start: rest.start, end }) ?? { start: rest.start, end };
  return { ...range, tokens: measure(range.end) };
}

function goodEnd(text: string, rest: TextRange, fits: number): number {
  const slice = text.slice(rest.start, Math.min(rest.end, fits + 1));
  const half = slice.length >> 1;
  const line = slice.lastIndexOf("\n");
  if (line > half) return rest.start + line;
  const blank = slice.search(/\s\S*$/u);
  if (blank > 0) return rest.start + blank;
  return graphemeEnd(text, rest, fits);
}

/** The last grapheme boundary at or before `fits`, or the end of the first grapheme. */
function graphemeEnd(text: string, rest: TextRange, fits: number): number {
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  let end = rest.start;
  for (const { segment, index } of segmenter.segment(text.slice(rest.start, Math.min(rest.end, fits + 64)))) {
    const next = rest.start + index + segment.length;
    if (next > fits && end > rest.start) break;
    end = next;
    if (next >= fits) break;
  }
  return end;
}
