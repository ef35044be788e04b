import { decodeText } from "./decode-text.ts";
import { textDocument } from "./load-text.ts";
import type { Block, Loader } from "./loaded-document.ts";
import { oneLine } from "./text-builder.ts";

const levels: Readonly<Record<string, number>> = {
  part: 1,
  chapter: 1,
  section: 2,
  subsection: 3,
  subsubsection: 4,
  paragraph: 5,
  subparagraph: 6,
};
const command =
  /\\(?<name>part|chapter|(?:sub){0,2}section|(?:sub)?paragraph)\*?(?:\[[^\]]*\])?\{(?<label>(?:[^{}]|\{[^{}]*\})*)\}/gu;

/** LaTeX is stored as written; sectioning commands are headings, blank lines part paragraphs. */
export const loadLatex: Loader = ({ bytes }) => {
  const text = decodeText(bytes);
  const headings = [...text.matchAll(command)].map((match): Block => ({
    kind: "heading",
    start: match.index,
    end: match.index + match[0].length,
    level: levels[match.groups?.["name"] ?? ""] ?? 2,
    label: plain(match.groups?.["label"] ?? ""),
    page: null,
  }));
  const title = /\\title(?:\[[^\]]*\])?\{(?<title>(?:[^{}]|\{[^{}]*\})*)\}/u.exec(text)?.groups?.["title"];
  const body = textDocument(text, "text/x-tex").blocks.map((block): Block => ({ ...plainBlock(block) }));
  return {
    title: title ? plain(title) : null,
    mime: "text/x-tex",
    text,
    blocks: around(body, headings),
    links: [],
    metadata: {},
  };
};

const plainBlock = ({ start, end, page }: Block): Block => ({ kind: "paragraph", start, end, page });

/** Paragraphs cut where a heading stands in them. */
function around(paragraphs: readonly Block[], headings: readonly Block[]): readonly Block[] {
  const parted = paragraphs.flatMap((block) => {
    const inside = headings.filter((heading) => heading.start < block.end && heading.end > block.start);
    const edges = [block.start, ...inside.flatMap((heading) => [heading.start, heading.end]), block.end];
    return Array.from({ length: edges.length / 2 }, (_, index) => ({
      ...block,
      start: edges[2 * index] ?? block.start,
      end: edges[2 * index + 1] ?? block.end,
    })).filter((piece) => piece.end > piece.start);
  });
  return [...parted, ...headings].toSorted((a, b) => a.start - b.start);
}

const plain = (label: string): string => oneLine(label.replace(/\\[a-zA-Z]+\*?|[{}~$]/gu, " "));
