/** One run of glyphs as pdf.js reports it; points, origin at the lower left. */
export interface PdfItem {
  readonly str: string;
  readonly dir: string;
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
}

interface Piece {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly baseline: number;
  readonly size: number;
  readonly rightToLeft: boolean;
}

/** A line of print; `cells` are its parts where wide gaps part it. */
export interface PdfLine {
  readonly cells: readonly string[];
  readonly left: number;
  readonly right: number;
  readonly baseline: number;
  /** Of the font that most of the line is set in. */
  readonly size: number;
  /** Printed along the side: never a heading. */
  readonly rotated: boolean;
}

export const lineText = (line: PdfLine): string => line.cells.join(" ");

/** Of the font size: a gap that parts words, and one that parts cells or columns. */
const wordGap = 0.17;
const cellGap = 1.6;
const sameBaseline = 0.45;
/** Characters above which two parts of a line are columns of prose, not cells. */
const proseCell = 28;

/** The lines of a page in reading order, rotated text (stamps, axis labels) last. */
export function pdfLines(items: readonly PdfItem[]): readonly PdfLine[] {
  const pieces = items.filter((item) => item.str.trim() !== "").map(toPiece);
  const upright = pieces.filter(({ rotated }) => !rotated).map(({ piece }) => piece);
  const rotated = pieces.filter(({ rotated }) => rotated).map(({ piece }) => ({ ...toLine([[piece]]), rotated: true }));
  return [...inReadingOrder(splitColumns(groupLines(upright))).map(toLine), ...rotated];
}

function toPiece(item: PdfItem): { readonly piece: Piece; readonly rotated: boolean } {
  const [a = 1, b = 0, c = 0, d = 1, x = 0, y = 0] = item.transform;
  const size = Math.hypot(c, d) || item.height || 1;
  const rightToLeft = item.dir === "rtl";
  const text = rightToLeft ? orderLamAlef(plainLetters(item.str)) : plainLetters(item.str);
  const piece = { text, left: x, right: x + item.width, baseline: y, size, rightToLeft };
  return { piece, rotated: Math.abs(b) > Math.abs(a) };
}

/** Ligatures and presentation forms (ﬁ, ﻻ) as the letters they stand for; other characters stay as they are. */
const plainLetters = (text: string): string =>
  text.replace(/[\uFB00-\uFB4F\uFB50-\uFDFF\uFE70-\uFEFC]+/gu, (forms) => forms.normalize("NFKC"));

/** Files that map the ligature of lam and alef to two letters show them swapped; after an article it cannot be meant. */
const orderLamAlef = (text: string): string =>
  text.replace(/(?<![\u0620-\u064A])(?<prefix>[وبفك]?)ا(?<alef>[اأإآ])ل/gu, "$<prefix>ال$<alef>");

/** A line as cells, a cell as pieces. */
type Row = readonly (readonly Piece[])[];

/** Joins pieces that follow each other on one baseline in the order of the file, which is almost always that of reading. */
function groupLines(pieces: readonly Piece[]): readonly Row[] {
  const rows: Piece[][][] = [];
  let before: Piece | undefined;
  for (const piece of pieces) {
    const gap = before && gapAfter(before, piece);
    const row = rows.at(-1);
    if (row && before && gap !== undefined && onSameLine(before, piece, gap)) {
      if (gap > cellGap * Math.max(before.size, piece.size)) row.push([piece]);
      else row.at(-1)?.push(piece);
    } else rows.push([[piece]]);
    before = piece;
  }
  return rows;
}

const gapAfter = (before: Piece, piece: Piece): number =>
  piece.rightToLeft || before.rightToLeft ? before.left - piece.right : piece.left - before.right;

const onSameLine = (before: Piece, piece: Piece, gap: number): boolean =>
  Math.abs(before.baseline - piece.baseline) < sameBaseline * Math.max(before.size, piece.size) &&
  gap > -1.5 * Math.max(before.size, piece.size);

/** Some files write the columns line by line across the page: parts as long as prose become lines of their own. */
function splitColumns(rows: readonly Row[]): readonly Row[] {
  const wide = rows.filter((row) => row.length === 2 && row.every((cell) => lengthOf(cell) >= proseCell));
  if (wide.length < 4 || wide.length * 4 < rows.length) return rows;
  return rows.flatMap((row) => (row.length === 2 ? row.map((cell) => [cell]) : [row]));
}

const lengthOf = (cell: readonly Piece[]): number => cell.reduce((sum, piece) => sum + piece.text.length, 0);

/** Keeps the order of the file unless it jumps about; then columns from left to right, each from top to bottom. */
function inReadingOrder(rows: readonly Row[]): readonly Row[] {
  const jumps = rows.filter((row, index) => {
    const [before, now] = [rows[index - 1]?.[0]?.[0], row[0]?.[0]];
    return before && now && now.baseline > before.baseline + 1.5 * now.size;
  }).length;
  if (jumps <= 3 || jumps * 8 < rows.length) return rows;
  return cutColumns(rows).flatMap((column) =>
    mergeRows(column.toSorted((a, b) => topOf(b) - topOf(a) || leftOf(a) - leftOf(b))),
  );
}

/** Two columns where an empty strip in the middle has text on both sides; else one. */
function cutColumns(rows: readonly Row[]): readonly (readonly Row[])[] {
  const left = Math.min(...rows.map(leftOf));
  const right = Math.max(...rows.map(rightOf));
  const candidates = Array.from({ length: 41 }, (_, step) => left + (right - left) * (0.3 + step / 100));
  const cuts = candidates.map((at) => ({
    at,
    crossing: rows.filter((row) => leftOf(row) < at && rightOf(row) > at).length,
  }));
  const best = cuts.reduce((a, b) => (b.crossing < a.crossing ? b : a));
  const before = rows.filter((row) => rightOf(row) <= best.at);
  const after = rows.filter((row) => leftOf(row) >= best.at);
  const balanced = Math.min(before.length, after.length) * 4 > rows.length;
  if (!balanced || best.crossing * 5 > rows.length) return [rows];
  const across = rows.filter((row) => leftOf(row) < best.at && rightOf(row) > best.at);
  const top = Math.max(...[...before, ...after].map(topOf));
  return [across.filter((row) => topOf(row) >= top), before, after, across.filter((row) => topOf(row) < top)];
}

/** After sorting, pieces of one line stand next to each other and become cells of one row. */
function mergeRows(rows: readonly Row[]): readonly Row[] {
  const merged: Row[] = [];
  for (const row of rows) {
    const before = merged.at(-1);
    const size = row[0]?.[0]?.size ?? 1;
    if (before && Math.abs(topOf(before) - topOf(row)) < sameBaseline * size) merged.splice(-1, 1, [...before, ...row]);
    else merged.push(row);
  }
  return merged;
}

const topOf = (row: Row): number => row[0]?.[0]?.baseline ?? 0;
const leftOf = (row: Row): number => Math.min(...row.flat().map((piece) => piece.left));
const rightOf = (row: Row): number => Math.max(...row.flat().map((piece) => piece.right));

function toLine(row: Row): PdfLine {
  const longest = row.flat().reduce((best, piece) => (piece.text.length > best.text.length ? piece : best));
  return {
    cells: row.map(cellText).filter((cell) => cell !== ""),
    left: leftOf(row),
    right: rightOf(row),
    baseline: longest.baseline,
    size: longest.size,
    rotated: false,
  };
}

function cellText(cell: readonly Piece[]): string {
  let text = "";
  let before: Piece | undefined;
  for (const piece of cell) {
    const parted =
      before && (gapAfter(before, piece) > wordGap * piece.size || before.rightToLeft !== piece.rightToLeft);
    text += parted && !/\s$/u.test(text) && !/^\s/u.test(piece.text) ? ` ${piece.text}` : piece.text;
    before = piece;
  }
  return text.replace(/\s+/gu, " ").trim();
}
