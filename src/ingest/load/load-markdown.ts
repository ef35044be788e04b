import { fromMarkdown } from "mdast-util-from-markdown";
import { frontmatterFromMarkdown } from "mdast-util-frontmatter";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { frontmatter } from "micromark-extension-frontmatter";
import { gfm } from "micromark-extension-gfm";
import { nameKey } from "../../text/name-key.ts";
import { wikiScheme } from "../../text/link-address.ts";
import { decodeText } from "./decode-text.ts";
import { parseFrontMatter } from "./front-matter.ts";
import { headingSlug, headingSlugs } from "./heading-slugs.ts";
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
  readonly identifier?: string;
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
  const links = [...anchorsOf(root), ...linksOf(root, definitionsIn(root))];
  return { title, mime: "text/markdown", text, blocks, links, metadata };
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

type Definitions = ReadonlyMap<string, string>;

/** `[name]: address` lines; the first of a name counts. */
function definitionsIn(root: MarkdownNode): Definitions {
  const found = nodesOf(root).filter(({ type, url }) => type === "definition" && url);
  return new Map(found.toReversed().map(({ identifier, url }) => [identifier ?? "", url ?? ""]));
}

const nodesOf = (node: MarkdownNode): readonly MarkdownNode[] => [node, ...(node.children ?? []).flatMap(nodesOf)];

const wikiLink = /\[\[(?<page>[^\][|#\n]{1,200})?(?:#(?<place>[^\][|\n]{1,200}))?(?:\|[^\][\n]{0,200})?\]\]/gu;
const htmlTarget = /<a\s[^>]*?href\s*=\s*["'](?<target>[^"']+)["']/giu;
const htmlPlace = /<\w+\s[^>]*?(?:id|name)\s*=\s*["'](?<name>[^"'\s]{1,200})["']/giu;

function linksOf(root: MarkdownNode, definitions: Definitions): readonly LoadedLink[] {
  return nodesOf(root).flatMap((node): readonly LoadedLink[] => {
    const range = rangeOf(node);
    const to = (target: string | undefined): readonly LoadedLink[] =>
      target ? [{ kind: "hyperlink", target, ...range }] : [];
    if (node.type === "link") return to(node.url);
    if (node.type === "linkReference") return to(definitions.get(node.identifier ?? ""));
    if (node.type === "html")
      return [...(node.value ?? "").matchAll(htmlTarget)].flatMap(({ groups }) => to(groups?.["target"]));
    if (node.type !== "text") return [];
    return [...(node.value ?? "").matchAll(wikiLink)].flatMap(({ groups }) => to(wikiTarget(groups ?? {})));
  });
}

/** `[[Page]]` names a page by its title, wherever it lies, and `[[#Part]]` a part of this page. */
function wikiTarget({ page, place }: Readonly<Record<string, string | undefined>>): string | undefined {
  if (page !== undefined) return `${wikiScheme}${nameKey(page)}`;
  return place === undefined ? undefined : `#${headingSlug(place)}`;
}

/** Headings are places by the name that GitHub gives them, other elements by their id. */
function anchorsOf(root: MarkdownNode): readonly LoadedLink[] {
  const slug = headingSlugs();
  return nodesOf(root).flatMap((node): readonly LoadedLink[] => {
    const at = (name: string): LoadedLink => ({ kind: "anchor", target: `#${name}`, ...rangeOf(node) });
    if (node.type === "heading") return [at(slug(wordsOf(node)))];
    if (node.type !== "html") return [];
    return [...(node.value ?? "").matchAll(htmlPlace)].map(({ groups }) => at(groups?.["name"] ?? ""));
  });
}
