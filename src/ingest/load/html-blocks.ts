import type { BlockKind } from "./loaded-document.ts";
import { type Run, type TextBuilder } from "./text-builder.ts";

/** The part of a DOM node that reading needs; linkedom's nodes have it. */
export interface HtmlNode {
  readonly nodeType: number;
  readonly localName?: string;
  readonly textContent: string | null;
  readonly childNodes: Iterable<HtmlNode>;
  getAttribute?(name: string): string | null;
}

export interface HtmlOptions {
  /** Leave out navigation, page headers and footers. */
  readonly dropFurniture: boolean;
  readonly page?: number | null;
  /** Elements with an id are places that links lead to: for a page of its own, not for a part of a larger text. */
  readonly withAnchors?: boolean;
}

/** More places than this of one page are left out; names longer than this are made by machines. */
const mostAnchors = 5_000;
const longestAnchor = 200;

const elementNode = 1;
const textNode = 3;
const silent = new Set(
  "script style noscript template svg iframe object embed head canvas audio video select option datalist button input textarea".split(
    " ",
  ),
);
const furniture = new Set(["nav", "footer"]);
const furnitureRoles = new Set(["navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar"]);
const blockNames = new Set(
  (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer " +
    "form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol p pre section summary table tbody td tfoot th " +
    "thead tr ul"
  ).split(" "),
);
const layoutMarks = new Set("h1 h2 h3 h4 h5 h6 table pre form section article".split(" "));

/** Walks a page and adds its blocks. Recursion is as deep as the page; the parser's own limit lies below the stack's. */
export function htmlBlocks(root: HtmlNode, builder: TextBuilder, options: HtmlOptions): void {
  const walker = { builder, options, runs: [] as Run[], anchors: 0 };
  visit(root, walker, { kind: "paragraph", listDepth: 0, href: undefined });
  flush(walker, { kind: "paragraph", listDepth: 0, href: undefined });
}

interface Walker {
  readonly builder: TextBuilder;
  readonly options: HtmlOptions;
  /** Inline text that belongs to the block being read. */
  runs: Run[];
  /** Places told of so far. */
  anchors: number;
}

interface Context {
  readonly kind: BlockKind;
  readonly listDepth: number;
  readonly href: string | undefined;
}

function visit(node: HtmlNode, walker: Walker, context: Context): void {
  if (node.nodeType === textNode) {
    walker.runs.push({ text: node.textContent ?? "", href: context.href });
    return;
  }
  if (node.nodeType !== elementNode && node.nodeType !== 9) return;
  const name = node.localName ?? "";
  if (silent.has(name) || isHidden(node) || (walker.options.dropFurniture && isFurniture(node, name))) return;
  if (blockNames.has(name)) flush(walker, context);
  addAnchors(node, name, walker);
  if (name === "br") walker.runs.push({ text: "\u2028" });
  else if (name === "pre") addCode(node, walker, context);
  else if (name === "table" && !isLayout(node)) addTable(node, walker, context);
  else if (blockNames.has(name)) visitBlock(node, name, walker, context);
  else
    visitChildren(
      node,
      walker,
      name === "a" ? { ...context, href: node.getAttribute?.("href") ?? undefined } : context,
    );
}

/** An inline place is that of the block it stands in; a block that is read at once takes those inside it. */
function addAnchors(node: HtmlNode, name: string, walker: Walker): void {
  if (walker.options.withAnchors !== true || walker.anchors > mostAnchors) return;
  const place = node.getAttribute?.("id") ?? (name === "a" ? node.getAttribute?.("name") : null);
  if (place && place.length <= longestAnchor) {
    walker.anchors += 1;
    walker.builder.anchor(place);
  }
  const isReadAtOnce = /^(?:h[1-6]|pre)$/u.test(name) || (name === "table" && !isLayout(node));
  if (isReadAtOnce) addInnerAnchors(node, walker);
}

function addInnerAnchors(node: HtmlNode, walker: Walker): void {
  for (const child of node.childNodes) {
    if (child.nodeType !== elementNode) continue;
    addAnchors(child, child.localName ?? "", walker);
    addInnerAnchors(child, walker);
  }
}

function visitBlock(node: HtmlNode, name: string, walker: Walker, context: Context): void {
  flush(walker, context);
  const inner = contextOf(name, context);
  if (/^h[1-6]$/u.test(name)) {
    const runs = inlineRuns(node, context.href);
    walker.builder.block("heading", runs, { level: Number(name[1]), page: walker.options.page ?? null });
    return;
  }
  if (name === "ol") visitNumbered(node, walker, inner);
  else visitChildren(node, walker, inner);
  flush(walker, inner);
}

/** The numbers that a browser would show: people refer to them. */
function visitNumbered(list: HtmlNode, walker: Walker, context: Context): void {
  let number = Number(list.getAttribute?.("start") ?? 1) || 1;
  for (const child of list.childNodes) {
    if (child.localName === "li") {
      flush(walker, context);
      const item = contextOf("li", context);
      walker.runs.push({ text: `${number}. ` });
      visitChildren(child, walker, item);
      flush(walker, item);
      number += 1;
    } else visit(child, walker, context);
  }
}

function contextOf(name: string, context: Context): Context {
  if (name === "ul" || name === "ol") return { ...context, listDepth: context.listDepth + 1 };
  if (name === "li" || name === "dd") return { ...context, kind: "list-item" };
  if (name === "figcaption" || name === "caption") return { ...context, kind: "caption" };
  return context;
}

function visitChildren(node: HtmlNode, walker: Walker, context: Context): void {
  for (const child of node.childNodes) visit(child, walker, context);
}

function flush(walker: Walker, context: Context): void {
  const runs = collapse(walker.runs);
  walker.runs = [];
  const level = context.kind === "list-item" ? { level: Math.max(1, context.listDepth) } : {};
  walker.builder.block(context.kind, runs, { ...level, page: walker.options.page ?? null });
}

function addCode(node: HtmlNode, walker: Walker, context: Context): void {
  flush(walker, context);
  walker.builder.block("code", (node.textContent ?? "").replace(/^\n+|\s+$/gu, ""), {
    page: walker.options.page ?? null,
  });
}

function addTable(table: HtmlNode, walker: Walker, context: Context): void {
  flush(walker, context);
  const page = walker.options.page ?? null;
  const rows = descendants(table, "tr");
  for (const caption of descendants(table, "caption")) {
    walker.builder.block("caption", inlineRuns(caption, undefined), { page });
  }
  const header = rows[0] ? [...rows[0].childNodes].every((cell) => cell.localName !== "td") : false;
  walker.builder.table(
    rows.map((row) => rowRuns(row)),
    { header, page },
  );
}

function rowRuns(row: HtmlNode): readonly Run[] {
  const cells = [...row.childNodes].filter((cell) => cell.localName === "td" || cell.localName === "th");
  return cells.flatMap((cell, index): readonly Run[] => {
    const runs = inlineRuns(cell, undefined).map((run) => ({ ...run, text: run.text.replaceAll("\n", " ") }));
    return index === 0 ? runs : [{ text: " | " }, ...runs];
  });
}

/** All text below a node as one line, blocks inside parted by a blank. */
function inlineRuns(node: HtmlNode, href: string | undefined): readonly Run[] {
  const runs: Run[] = [];
  const walk = (current: HtmlNode, link: string | undefined): void => {
    if (current.nodeType === textNode) runs.push({ text: current.textContent ?? "", href: link });
    const name = current.localName ?? "";
    if (current.nodeType !== elementNode || silent.has(name) || isHidden(current)) return;
    const target = name === "a" ? (current.getAttribute?.("href") ?? undefined) : link;
    const parted = name === "br" || blockNames.has(name);
    if (parted) runs.push({ text: " " });
    for (const child of current.childNodes) walk(child, target);
    if (parted) runs.push({ text: " " });
  };
  for (const child of node.childNodes) walk(child, href);
  return collapse(runs);
}

/** White space as browsers show it: runs of it are one blank, a line break stays one. */
function collapse(runs: readonly Run[]): readonly Run[] {
  let blankBefore = true;
  return runs.flatMap((run) => {
    const text = run.text.replace(/[ \t\n\r\f]+/gu, " ").replace(/ ?\u2028 ?/gu, "\n");
    const shown = blankBefore ? text.replace(/^ /u, "") : text;
    if (shown === "") return [];
    blankBefore = /[ \n]$/u.test(shown);
    return [{ ...run, text: shown }];
  });
}

const isHidden = (node: HtmlNode): boolean =>
  node.getAttribute?.("hidden") != null || /display\s*:\s*none/iu.test(node.getAttribute?.("style") ?? "");

const isFurniture = (node: HtmlNode, name: string): boolean =>
  furniture.has(name) || furnitureRoles.has(node.getAttribute?.("role") ?? "");

/** A table that holds headings, forms or other tables is there for the layout. */
const isLayout = (table: HtmlNode): boolean => hasDescendant(table, layoutMarks);

const hasDescendant = (node: HtmlNode, names: ReadonlySet<string>): boolean =>
  [...node.childNodes].some((child) => names.has(child.localName ?? "") || hasDescendant(child, names));

const descendants = (node: HtmlNode, name: string): readonly HtmlNode[] =>
  [...node.childNodes].flatMap((child) => (child.localName === name ? [child] : descendants(child, name)));
