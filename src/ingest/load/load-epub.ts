import { posix } from "node:path";
import { decodeText } from "./decode-text.ts";
import { htmlBlocks } from "./html-blocks.ts";
import { parseHtml } from "./load-html.ts";
import type { Loader } from "./loaded-document.ts";
import { unreadable } from "./refusal.ts";
import { oneLine, textBuilder } from "./text-builder.ts";
import { elementText, findElements, parseXml, type XmlElement } from "./xml.ts";
import { readZip } from "./zip.ts";

/** The chapters of a book in the order of its spine. */
export const loadEpub: Loader = async ({ bytes, name }) => {
  const parts = await readZip(bytes, name, (path) => /\.(?:x?html?|opf|xml)$/iu.test(path));
  const xml = (path: string): XmlElement => {
    const part = parts.get(path);
    if (!part) throw unreadable(name, `${path} is missing inside`);
    return parseXml(part, name);
  };
  const opf = findElements(xml("META-INF/container.xml"), "rootfile")[0]?.attributes["full-path"] ?? "";
  const book = xml(opf);
  const hrefs = new Map(
    findElements(book, "item").map(({ attributes }) => [attributes["id"], attributes["href"] ?? ""]),
  );
  const builder = textBuilder();
  for (const { attributes } of findElements(book, "itemref")) {
    const path = posix.normalize(
      posix.join(posix.dirname(opf), decodeURIComponent(hrefs.get(attributes["idref"]) ?? "")),
    );
    const chapter = parts.get(path);
    if (chapter) htmlBlocks(parseHtml(decodeText(chapter)).root, builder, { dropFurniture: false });
  }
  const title = oneLine(findElements(book, "title").map(elementText)[0] ?? "");
  return { title: title || null, mime: "application/epub+zip", ...builder.finish(), metadata: {} };
};
