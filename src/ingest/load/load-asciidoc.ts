import { decodeText } from "./decode-text.ts";
import { textDocument } from "./load-text.ts";
import type { Loader } from "./loaded-document.ts";

/** AsciiDoc is stored as written; its headings are those that plain text may have too. */
export const loadAsciidoc: Loader = ({ bytes }) => {
  const document = textDocument(decodeText(bytes), "text/asciidoc");
  const [first] = document.blocks;
  return { ...document, title: first?.kind === "heading" && first.level === 1 ? (first.label ?? null) : null };
};
