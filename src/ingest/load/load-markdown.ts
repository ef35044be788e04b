import { fromMarkdown } from "mdast-util-from-markdown";
import { frontmatterFromMarkdown } from "mdast-util-frontmatter";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { frontmatter } from "micromark-extension-frontmatter";
import { gfm } from "micromark-extension-gfm";
import { decodeText } from "./decode-text.ts";
import { parseFrontMatter } from "./front-matter.ts";
import { textDocument } from "./load-text.ts";
import type { Block, BlockKind, LoadedDocument, LoadedLink, Loader, TextRange } from "./loaded-document.ts";
import { oneLine } from "./text-builder.ts";

/** Above this the full parser would pass the time limit; headings and paragraphs are then read line by line. */
const maxParsedCharacters = 1_500_000;

interface MarkdownNode {
  readonly type: string;
  readonly value?: string;
  readonly alt?: string | null;
  readonly depth?: number;
  readonly url?: string;
  readonly children?: readonly MarkdownNode[];
  readonly position?: { readonly start: { readonly offset?: number }; readonly end: { readonly offset?: number } };
}

export const loadMarkdown: Loader = ({ bytes }) => markdownDocument(decodeText(bytes));

/** Markdown is stored as written; blocks are ranges of the source. */
export function markdownDocument(text: string): LoadedDocument {
  if (text.length > maxParsedCharacters) return textDocument(text, "text/markdown");
  const root: MarkdownNode = fromMarkdown(text, {
    extensions: [gfm(), frontmatter(["yaml", "toml"])],
    mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(["yaml", "toml"])],
  });
  const blocks = (root.children ?? []).flatMap((node) => blocksOf(node, 0));
  const front = root.children?.find((node) => node.type === "yaml" || node.type === "toml");
  const metadata = front?.value ? parseFrontMatter(front.value) : {};
  const named = metadata["title"];
  const first = blocks.find((block) => block.kind === "heading");
  const title = typeof named === "string" && named ? named : first?.level === 1 ? (first.label ?? null) : null;
  return { title, mime: "text/markdown", text, blocks, links: linksOf(root), metadata };
}

function blocksOf(node: MarkdownNode, depth: number): readonly Block[] {
  const range = rangeOf(node);
  const leaf = (kind: BlockKind, extra: Partial<Block> = {}): readonly Block[] =>
    range.end > range.start ? [{ kind, ...range, ...extra, page: null }] : [];
  switch (node.type) {
    case "heading":
      return leaf("heading", { level: node.depth ?? 1, label: oneLine(wordsOf(node)) });
    case "list":
      return (node.children ?? []).flatMap((item) => listItemBlocks(item, depth + 1));
    case "blockquote":
    case "footnoteDefinition":
      return (node.children ?? []).flatMap((child) => blocksOf(child, depth));
    case "table":
      return leaf("table", { rows: (node.children ?? []).map(rangeOf), header: true });
    case "code":
      return leaf("code");
    case "yaml":
    case "toml":
      return leaf("aside");
    case "thematicBreak":
      return [];
    default:
      return leaf("paragraph");
  }
}

/** The item begins at its marker; what is nested in it follows as blocks of its own. */
function listItemBlocks(item: MarkdownNode, depth: number): readonly Block[] {
  const inner = (item.children ?? []).flatMap((child): readonly Block[] =>
    child.type === "paragraph"
      ? [{ kind: "list-item", ...rangeOf(child), level: depth, page: null }]
      : blocksOf(child, depth),
  );
  const [first, ...rest] = inner;
  return first ? [{ ...first, start: rangeOf(item).start }, ...rest] : [];
}

const rangeOf = (node: MarkdownNode): TextRange => ({
  start: node.position?.start.offset ?? 0,
  end: node.position?.end.offset ?? 0,
});

const wordsOf = (node: MarkdownNode): string =>
  node.value ?? node.alt ?? (node.children ?? []).map(wordsOf).join(node.type === "tableRow" ? " " : "");

const linksOf = (node: MarkdownNode): readonly LoadedLink[] => [
  ...(node.type === "link" && node.url ? [{ kind: "hyperlink" as const, target: node.url, ...rangeOf(node) }] : []),
  ...(node.children ?? []).flatMap(linksOf),
];
