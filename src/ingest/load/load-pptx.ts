import { coreTitle } from "./load-docx.ts";
import type { Loader } from "./loaded-document.ts";
import { followRelations, relationsOf, relationsPath } from "./office-relations.ts";
import { oneLine, textBuilder, type TextBuilder } from "./text-builder.ts";
import { childElements, elementText, findElements, parseXml, type XmlElement } from "./xml.ts";
import { readZip } from "./zip.ts";

const mime = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/** Slides in the order in which they are shown; the slide's number is the page, its notes follow it. */
export const loadPptx: Loader = async ({ bytes, name }) => {
  const parts = await readZip(bytes, name, (path) => /^(?:ppt\/.*\.(?:xml|rels)|docProps\/core\.xml)$/u.test(path));
  const xml = (path: string): XmlElement | null => {
    const part = parts.get(path);
    return part ? parseXml(part, name) : null;
  };
  const presentation = xml("ppt/presentation.xml");
  const targets = relationsOf(xml("ppt/_rels/presentation.xml.rels"), "ppt");
  const ids = presentation ? findElements(presentation, "sldId").map((slide) => slide.attributes["id"] ?? "") : [];
  // `id` and `r:id` share their local name; the relation's id comes last and wins.
  const paths = followRelations(ids, targets);
  const builder = textBuilder();
  for (const [index, path] of paths.entries()) {
    const slide = xml(path);
    if (slide) addShapes(slide, index + 1, builder);
    const notes = [...relationsOf(xml(relationsPath(path)), "ppt/slides").values()].find((target) =>
      /notesSlide/u.test(target),
    );
    const notesSlide = notes ? xml(notes) : null;
    if (notesSlide) addShapes(notesSlide, index + 1, builder, true);
  }
  const built = builder.finish();
  const heading = built.blocks.find((block) => block.kind === "heading")?.label ?? null;
  return { title: coreTitle(parts.get("docProps/core.xml"), name) ?? heading, mime, ...built, metadata: {} };
};

function addShapes(slide: XmlElement, page: number, builder: TextBuilder, notes = false): void {
  for (const element of childElements(slide)) {
    if (element.name === "sp") addShape(element, page, builder, notes);
    else if (element.name === "tbl") addTable(element, page, builder);
    else addShapes(element, page, builder, notes);
  }
}

function addShape(shape: XmlElement, page: number, builder: TextBuilder, notes: boolean): void {
  const kind = findElements(shape, "ph")[0]?.attributes["type"] ?? "";
  if (notes && kind !== "body") return;
  const paragraphs = findElements(shape, "p").map(paragraphText);
  if (/^(?:title|ctrTitle)$/u.test(kind) && !notes) {
    builder.block("heading", oneLine(paragraphs.join(" ")), { level: 1, page });
    return;
  }
  const item = /^(?:body|obj|)$/u.test(kind) && paragraphs.length > 1 && !notes;
  for (const text of paragraphs) builder.block(item ? "list-item" : "paragraph", text, { page });
}

const addTable = (table: XmlElement, page: number, builder: TextBuilder): void =>
  builder.table(
    findElements(table, "tr").map((row) =>
      findElements(row, "tc")
        .map((cell) => oneLine(cellText(cell)))
        .join(" | "),
    ),
    { page, header: true },
  );

const cellText = (cell: XmlElement): string => findElements(cell, "p").map(paragraphText).join(" ");

const paragraphText = (paragraph: XmlElement): string =>
  childElements(paragraph)
    .map((run) => (run.name === "br" ? "\n" : findElements(run, "t").map(elementText).join("")))
    .join("")
    .trim();
