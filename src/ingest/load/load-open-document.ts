import { addSheet } from "./add-sheet.ts";
import type { Loader } from "./loaded-document.ts";
import { unreadable } from "./refusal.ts";
import { oneLine, textBuilder, type TextBuilder } from "./text-builder.ts";
import { childElements, elementText, findElements, isElement, parseXml, type XmlElement } from "./xml.ts";
import { readZip } from "./zip.ts";

/** A row or cell may be said to repeat up to the edge of the sheet. */
const maxRepeated = 200;

/** OpenDocument texts, sheets and slides. */
export const loadOpenDocument: Loader = async ({ bytes, name }) => {
  const parts = await readZip(bytes, name, (path) =>
    ["content.xml", "meta.xml", "mimetype", "META-INF/manifest.xml"].includes(path),
  );
  const content = parts.get("content.xml");
  const manifest = parts.get("META-INF/manifest.xml");
  if (manifest && Buffer.from(manifest).includes("encryption-data")) {
    throw unreadable(name, "it is encrypted; remove the password first");
  }
  if (!content) throw unreadable(name, "its content is missing");
  const [body] = findElements(parseXml(content, name), "body");
  const builder = textBuilder();
  if (body)
    walk(
      body,
      { page: null, depth: 0, sheet: body.children.some((child) => isElement(child) && child.name === "spreadsheet") },
      builder,
    );
  const meta = parts.get("meta.xml");
  const title = meta ? findElements(parseXml(meta, name), "title").map(elementText).join("").trim() : "";
  const mimetype = parts.get("mimetype");
  const mime = mimetype ? Buffer.from(mimetype).toString("latin1").trim() : "application/vnd.oasis.opendocument.text";
  const built = builder.finish();
  const [first] = built.blocks;
  const named = first?.kind === "heading" && !mime.includes("spreadsheet") ? first.label : null;
  return { title: title || named || null, mime, ...built, metadata: {} };
};

interface Place {
  /** Slide. */
  readonly page: number | null;
  /** Of nested lists. */
  readonly depth: number;
  readonly sheet: boolean;
}

function walk(element: XmlElement, place: Place, builder: TextBuilder): void {
  let slide = 0;
  for (const child of childElements(element)) {
    const { page } = place;
    if (child.name === "h") {
      builder.block("heading", textOf(child), { level: Number(child.attributes["outline-level"] ?? 1) || 1, page });
    } else if (child.name === "p" && findElements(child, "frame").length === 0) {
      builder.block(place.depth > 0 ? "list-item" : "paragraph", textOf(child), {
        page,
        ...(place.depth > 0 ? { level: place.depth } : {}),
      });
    } else if (child.name === "list") walk(child, { ...place, depth: place.depth + 1 }, builder);
    else if (child.name === "table" && place.sheet) addSheet(child.attributes["name"] ?? "", rowsOf(child), builder);
    else if (child.name === "table")
      builder.table(
        rowsOf(child).map((row) => row.map(oneLine).join(" | ")),
        { page },
      );
    else if (child.name === "page") {
      slide += 1;
      addSlide(child, slide, builder);
    } else if (!/^(?:tracked-changes|sequence-decls|forms)$/u.test(child.name)) walk(child, place, builder);
  }
}

function addSlide(slide: XmlElement, page: number, builder: TextBuilder): void {
  for (const frame of childElements(slide)) {
    if (frame.attributes["class"] === "title") builder.block("heading", oneLine(textOf(frame)), { level: 1, page });
    else walk({ ...frame, name: "", children: [frame] }, { page, depth: 0, sheet: false }, builder);
  }
}

const repeated = (element: XmlElement, attribute: string): number =>
  Math.min(maxRepeated, Number(element.attributes[attribute] ?? 1) || 1);

function rowsOf(table: XmlElement): readonly (readonly string[])[] {
  return findElements(table, "table-row").flatMap((row) => {
    const cells = childElements(row).filter((cell) => cell.name.endsWith("table-cell"));
    const values = cells.flatMap((cell) => {
      const value = childElements(cell).map(textOf).join(" ");
      return Array.from({ length: value ? repeated(cell, "number-columns-repeated") : 1 }, () => value);
    });
    const filled = values.some((value) => value.trim());
    return Array.from({ length: filled ? repeated(row, "number-rows-repeated") : 1 }, () => values);
  });
}

function textOf(element: XmlElement): string {
  return element.children
    .map((child) => {
      if (!isElement(child)) return child.replace(/\s+/gu, " ");
      if (child.name === "s") return " ".repeat(Math.min(100, Number(child.attributes["c"] ?? 1) || 1));
      if (child.name === "tab") return "\t";
      if (child.name === "line-break") return "\n";
      if (child.name === "note-citation" || child.name === "annotation") return "";
      return /^(?:p|h|list-item)$/u.test(child.name) ? `${textOf(child)} ` : textOf(child);
    })
    .join("");
}
