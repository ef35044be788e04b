export type Cell = string | number | null;

/** Lines of a table: the first column to the left, the others to the right; numbers with three decimals. */
export function tableLines(head: readonly string[], rows: readonly (readonly Cell[])[]): readonly string[] {
  const cells = [head, ...rows.map((row) => row.map(shown))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

const shown = (cell: Cell): string => (cell === null ? "–" : typeof cell === "string" ? cell : cell.toFixed(3));
