import type { Block, LoadedLink, TextRange } from "./loaded-document.ts";

type BlockOptions = Pick<Block, "level" | "label" | "header"> & { readonly page?: number | null };

/** A piece of a block: words, with the address behind them where they are a link. */
export interface Run {
  readonly text: string;
  readonly href?: string | undefined;
}

/** Builds the stored text of formats whose bytes are not readable text, and the blocks over it. */
export interface TextBuilder {
  /** Adds a block of its own, without blanks at its ends unless it is code; blank ones are left out. */
  block(kind: Block["kind"], content: string | readonly Run[], options?: BlockOptions): void;
  /** Adds a table, one line a row. Blank rows are left out. */
  table(rows: readonly (string | readonly Run[])[], options?: BlockOptions): void;
  /** The next block, or the one that `block` is about to add, is the place of this name. */
  anchor(name: string): void;
  finish(): { readonly text: string; readonly blocks: readonly Block[]; readonly links: readonly LoadedLink[] };
}

export function textBuilder(): TextBuilder {
  const parts: string[] = [];
  const blocks: Block[] = [];
  const links: LoadedLink[] = [];
  let length = 0;
  let names: string[] = [];

  const write = (text: string): void => {
    parts.push(text);
    length += text.length;
  };
  const writeRuns = (runs: readonly Run[]): TextRange => {
    const start = length;
    for (const run of runs) {
      const from = length;
      write(run.text);
      if (run.href && run.text.trim()) links.push({ kind: "hyperlink", target: run.href, start: from, end: length });
    }
    return { start, end: length };
  };
  const placeNames = (start: number, end: number): void => {
    for (const name of names) links.push({ kind: "anchor", target: `#${name}`, start, end });
    names = [];
  };
  const separate = (kind: Block["kind"]): void => {
    const before = blocks.at(-1);
    if (before) write(before.kind === "list-item" && kind === "list-item" ? "\n" : "\n\n");
  };

  return {
    block(kind, content, { page = null, ...options } = {}) {
      const runs = asRuns(content);
      if (!runs.some((run) => run.text.trim())) return;
      separate(kind);
      const range = writeRuns(kind === "code" ? runs : trimRuns(runs));
      const label = kind === "heading" ? { label: oneLine(runs.map((run) => run.text).join("")) } : {};
      placeNames(range.start, range.end);
      blocks.push({ kind, ...range, ...label, ...options, page });
    },
    table(rows, { page = null, ...options } = {}) {
      const filled = rows.map(asRuns).filter((runs) => runs.some((run) => run.text.trim()));
      if (filled.length === 0) return;
      separate("table");
      const ranges = filled.map((runs, index) => {
        if (index > 0) write("\n");
        return writeRuns(trimRuns(runs));
      });
      const start = ranges[0]?.start ?? length;
      placeNames(start, length);
      blocks.push({ kind: "table", start, end: length, rows: ranges, ...options, page });
    },
    anchor: (name) => void names.push(name),
    finish: () => ({ text: parts.join(""), blocks, links }),
  };
}

export const oneLine = (text: string): string => text.replace(/\s+/gu, " ").trim();

const asRuns = (content: string | readonly Run[]): readonly Run[] =>
  typeof content === "string" ? [{ text: content }] : content;

function trimRuns(runs: readonly Run[]): readonly Run[] {
  const kept = [...runs];
  while (kept.length > 0 && !kept[0]?.text.trim()) kept.shift();
  while (kept.length > 0 && !kept.at(-1)?.text.trim()) kept.pop();
  return kept.map((run, index) => {
    const left = index === 0 ? run.text.trimStart() : run.text;
    return { ...run, text: index === kept.length - 1 ? left.trimEnd() : left };
  });
}
