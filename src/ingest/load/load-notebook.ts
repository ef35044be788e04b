import { z } from "zod";
import { decodeText } from "./decode-text.ts";
import { markdownDocument } from "./load-markdown.ts";
import { textDocument } from "./load-text.ts";
import type { Block, LoadedLink, Loader } from "./loaded-document.ts";

const lines = z.union([z.string(), z.array(z.string()).transform((parts) => parts.join(""))]);
const output = z.looseObject({
  text: lines.optional(),
  data: z.looseObject({ "text/plain": lines.optional() }).optional(),
});
const notebook = z.looseObject({
  cells: z.array(
    z.looseObject({ cell_type: z.string(), source: lines.default(""), outputs: z.array(output).default([]) }),
  ),
});
const maxOutputCharacters = 4_000;

/** Cells in order: Markdown with its structure, code and printed output as code. */
export const loadNotebook: Loader = ({ bytes }) => {
  const source = decodeText(bytes);
  const parsed = notebook.safeParse(parseJson(source));
  if (!parsed.success) return textDocument(source, "text/plain");
  const blocks: Block[] = [];
  const links: LoadedLink[] = [];
  let text = "";
  let title: string | null = null;
  const add = (content: string, markdown: boolean): void => {
    const cell = content.trim().toWellFormed().replaceAll("\0", "\uFFFD");
    if (!cell) return;
    if (text) text += "\n\n";
    const read = markdown ? markdownDocument(cell) : null;
    const shift = <T extends { readonly start: number; readonly end: number }>(range: T): T => ({
      ...range,
      start: range.start + text.length,
      end: range.end + text.length,
    });
    blocks.push(
      ...(read ? read.blocks.map(shift) : [shift({ kind: "code", start: 0, end: cell.length, page: null } as const)]),
    );
    links.push(...(read?.links.map(shift) ?? []));
    title ??= read?.title ?? null;
    text += cell;
  };
  for (const cell of parsed.data.cells) {
    add(cell.source, cell.cell_type === "markdown");
    for (const result of cell.outputs)
      add((result.text ?? result.data?.["text/plain"] ?? "").slice(0, maxOutputCharacters), false);
  }
  return { title, mime: "application/x-ipynb+json", text, blocks, links, metadata: {} };
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
