import { labelledRow, looksLikeHeader } from "./load-csv.ts";
import { oneLine, type TextBuilder } from "./text-builder.ts";

/** A sheet under its name: blank rows part tables, a single cell above one is its title. */
export function addSheet(name: string, rows: readonly (readonly string[])[], builder: TextBuilder): void {
  if (!rows.some(isFilled)) return;
  builder.block("heading", name, { level: 1 });
  let table: (readonly string[])[] = [];
  const flush = (): void => {
    addTable(table, builder);
    table = [];
  };
  for (const row of rows) {
    const cells = row.map(oneLine);
    if (!isFilled(cells)) flush();
    else if (table.length === 0 && cells.filter(Boolean).length === 1) builder.block("paragraph", cells.join(""));
    else table.push(cells);
  }
  flush();
}

const isFilled = (row: readonly string[]): boolean => row.some((cell) => cell.trim() !== "");

type Rows = readonly (readonly string[])[];

function addTable(rows: Rows, builder: TextBuilder): void {
  const beside = splitAside(rows);
  if (beside) {
    for (const part of beside) addTable(part, builder);
    return;
  }
  const [header, ...body] = rows;
  if (!header) return;
  const plain = (row: readonly string[]): string => row.filter(Boolean).join(" | ");
  if (body.length > 0 && looksLikeHeader(header)) {
    builder.table([plain(header), ...body.map((row) => labelledRow(header, row))]);
  } else builder.table(rows.map(plain));
}

/** Two tables side by side: a blank column between them, and they begin in different rows. */
function splitAside(rows: Rows): readonly Rows[] | null {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  for (let column = 1; column < width - 1; column += 1) {
    if (rows.some((row) => row[column])) continue;
    const left = rows.map((row) => row.slice(0, column));
    const right = rows.map((row) => row.slice(column + 1));
    const [leftStart, rightStart] = [left.findIndex(isFilled), right.findIndex(isFilled)];
    if (leftStart >= 0 && rightStart >= 0 && leftStart !== rightStart)
      return [left.filter(isFilled), right.filter(isFilled).map(trimLeft(right))];
  }
  return null;
}

/** Drops the columns that are blank in all rows on the left. */
const trimLeft = (rows: Rows) => {
  const first = rows.filter(isFilled).reduce((least, row) => Math.min(least, row.findIndex(Boolean)), Infinity);
  return (row: readonly string[]): readonly string[] => row.slice(first);
};
