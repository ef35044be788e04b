import type { Loader } from "./loaded-document.ts";
import { oneLine, textBuilder, type TextBuilder } from "./text-builder.ts";
import { childElements, elementText, findElements, isElement, parseXml, type XmlElement } from "./xml.ts";

const titleNames = new Set(["title", "article-title", "head", "chapter-title", "heading"]);
const sectionNames = new Set(["sec", "section", "chapter", "div", "part", "abstract", "app", "ref-list", "ack"]);
const structureNames = new Set("p table list disp-quote fig".split(" "));
const maxRecordCharacters = 240;
/** Elements inside a paragraph; they never begin one. */
const inlineNames = new Set(
  "a b bold email ext-link fn i inline-formula italic label named-content p-ref sc sub sup underline uri xref".split(
    " ",
  ),
);

/** Any XML: elements with text of their own are paragraphs, titles are headings, `tr` are rows (JATS, DocBook, TEI). */
export const loadXml: Loader = ({ bytes, name }) => {
  const root = parseXml(bytes, name);
  const builder = textBuilder();
  walk(root, 0, builder);
  const [title] = ["article-title", "title"].flatMap((candidate) => findElements(root, candidate));
  return {
    title: (title && oneLine(elementText(title))) || null,
    mime: "application/xml",
    ...builder.finish(),
    metadata: {},
  };
};

function walk(element: XmlElement, depth: number, builder: TextBuilder): void {
  for (const child of childElements(element)) {
    const inner = sectionNames.has(child.name) ? depth + 1 : depth;
    if (titleNames.has(child.name)) {
      builder.block("heading", oneLine(elementText(child)), { level: Math.min(6, depth + 1) });
    } else if (child.name === "table" && findElements(child, "tr").length > 0) {
      builder.table(findElements(child, "tr").map(rowText), { header: findElements(child, "th").length > 0 });
    } else if (isParagraph(child)) {
      builder.block(child.name === "caption" ? "caption" : "paragraph", oneLine(spacedText(child)));
    } else walk(child, inner, builder);
  }
}

const rowText = (row: XmlElement): string =>
  childElements(row)
    .map((cell) => oneLine(spacedText(cell)))
    .join(" | ");

/** Text of its own, or a small record: a person, a date, a number with its kind. */
function isParagraph(element: XmlElement): boolean {
  if (element.children.some((child) => !isElement(child) && child.trim() !== "")) return true;
  const children = childElements(element);
  const repeated = children.length > 2 && children.every((child) => child.name === children[0]?.name);
  return (
    children.length > 0 && !repeated && !hasStructure(element) && elementText(element).length <= maxRecordCharacters
  );
}

const hasStructure = (element: XmlElement): boolean =>
  childElements(element).some(
    (child) => titleNames.has(child.name) || structureNames.has(child.name) || hasStructure(child),
  );

/** Neighbouring elements without a blank between them are still different words; inline marks are not. */
const spacedText = (element: XmlElement): string =>
  element.children
    .map((child) => {
      if (!isElement(child)) return child;
      return inlineNames.has(child.name) ? spacedText(child) : ` ${spacedText(child)} `;
    })
    .join("");
