import { parseHTML } from "linkedom";
import { decodeText } from "./decode-text.ts";
import { htmlBlocks, type HtmlNode } from "./html-blocks.ts";
import type { LoadedDocument, Loader } from "./loaded-document.ts";
import { oneLine, textBuilder, type TextBuilder } from "./text-builder.ts";

const maxListedLinks = 1_000;

export const loadHtml: Loader = ({ bytes }) => htmlDocument(decodeText(bytes, declaredCharset(bytes)), "text/html");

/** The readable part of a page: its main content where it marks one, else all of its body but the furniture. */
export function htmlDocument(html: string, mime: string): LoadedDocument {
  const document = parseHtml(html);
  const builder = textBuilder();
  htmlBlocks(document.root, builder, { dropFurniture: true, withAnchors: true });
  addTargets(builder);
  return { title: document.title, mime, ...builder.finish(), metadata: {} };
}

/** Where the page points, each address once, after its text: to be read there, but no passage of its own. */
function addTargets(builder: TextBuilder): void {
  const links = builder.finish().links.filter((link) => link.kind === "hyperlink");
  const targets = new Set(links.map((link) => link.target.trim()));
  const listed = [...targets].filter((target) => /^(?![#]|javascript:|data:)\S{1,300}$/iu.test(target));
  if (listed.length === 0) return;
  builder.block("aside", `Links\n\n${listed.slice(0, maxListedLinks).join("\n")}`);
}

export function parseHtml(html: string): { readonly root: HtmlNode; readonly title: string | null } {
  const wrapped = /<(?:body|html)[\s>]/iu.test(html) ? html : `<html><body>${html}</body></html>`;
  const { document } = parseHTML(wrapped);
  const title = oneLine(document.querySelector("title")?.textContent ?? "");
  return { root: document.documentElement as unknown as HtmlNode, title: title || null };
}

function declaredCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 2048)).toString("latin1");
  return /<meta[^>]+charset\s*=\s*["']?(?<charset>[\w-]+)/iu.exec(head)?.groups?.["charset"];
}
