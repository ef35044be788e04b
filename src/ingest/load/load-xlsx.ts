import { posix } from "node:path";
import { addSheet } from "./add-sheet.ts";
import { coreTitle } from "./load-docx.ts";
import type { Loader } from "./loaded-document.ts";
import { relationsOf, relationsPath } from "./office-relations.ts";
import { textBuilder } from "./text-builder.ts";
import { childElements, elementText, findElements, parseXml, type XmlElement } from "./xml.ts";
import { readZip } from "./zip.ts";

const mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Sheets in their order, values as they were last computed, dates as dates. */
export const loadXlsx: Loader = async ({ bytes, name }) => {
  const parts = await readZip(bytes, name, (path) => /^(?:xl\/.*\.(?:xml|rels)|docProps\/core\.xml)$/u.test(path));
  const xml = (path: string): XmlElement | null => {
    const part = parts.get(path);
    return part ? parseXml(part, name) : null;
  };
  const targets = relationsOf(xml("xl/_rels/workbook.xml.rels"), "xl");
  const workbook = xml("xl/workbook.xml");
  const shared = sharedStrings(xml("xl/sharedStrings.xml"));
  const dates = dateStyles(xml("xl/styles.xml"));
  const builder = textBuilder();
  for (const { attributes } of workbook ? findElements(workbook, "sheet") : []) {
    const path = targets.get(attributes["id"] ?? "") ?? "";
    const sheet = xml(path);
    if (sheet) addSheet(attributes["name"] ?? "", rowsOf(sheet, shared, dates), builder);
    for (const chart of partsBelow(path, xml)) {
      const caption = chartCaption(chart);
      if (caption) builder.block("caption", caption);
    }
  }
  return { title: coreTitle(parts.get("docProps/core.xml"), name), mime, ...builder.finish(), metadata: {} };
};

type ReadPart = (path: string) => XmlElement | null;

/** The charts of a sheet, by way of its drawings. */
function partsBelow(path: string, xml: ReadPart): readonly XmlElement[] {
  const related = (part: string): readonly string[] => [
    ...relationsOf(xml(relationsPath(part)), posix.dirname(part)).values(),
  ];
  const drawings = related(path).filter((target) => target.includes("/drawings/"));
  return drawings.flatMap(related).flatMap((target) => (target.includes("/charts/") ? (xml(target) ?? []) : []));
}

/** "Line chart: sales by year". */
function chartCaption(chart: XmlElement): string | null {
  const [area] = findElements(chart, "plotArea");
  const kind =
    area &&
    childElements(area)
      .find((child) => /^\w+Chart$/u.test(child.name))
      ?.name.replace(/(?:3D)?Chart$/u, "");
  const title = findElements(chart, "title")
    .flatMap((part) => findElements(part, "t"))
    .map(elementText)
    .join(" ")
    .trim();
  if (!kind) return null;
  const named = `${kind.charAt(0).toUpperCase()}${kind.slice(1)} chart`;
  return title ? `${named}: ${title}` : named;
}

const sharedStrings = (table: XmlElement | null): readonly string[] =>
  table ? findElements(table, "si").map((item) => findElements(item, "t").map(elementText).join("")) : [];

/** Indices of the cell styles that show a number as a date. */
function dateStyles(styles: XmlElement | null): ReadonlySet<number> {
  if (!styles) return new Set();
  const custom = new Map(
    findElements(styles, "numFmt").map(({ attributes }) => [attributes["numFmtId"], attributes["formatCode"] ?? ""]),
  );
  const isDate = (id: string): boolean => {
    const code = custom.get(id)?.replace(/"[^"]*"|\[[^\]]*\]|\\./gu, "");
    return code === undefined ? /^(?:1[4-9]|2[0-2]|4[5-7])$/u.test(id) : /[yd]|m.*[hd]/iu.test(code);
  };
  const [formats] = findElements(styles, "cellXfs");
  const entries = (formats ? childElements(formats) : []).map(({ attributes }) => isDate(attributes["numFmtId"] ?? ""));
  return new Set(entries.flatMap((date, index) => (date ? [index] : [])));
}

function rowsOf(
  sheet: XmlElement,
  shared: readonly string[],
  dates: ReadonlySet<number>,
): readonly (readonly string[])[] {
  return findElements(sheet, "row").map((row) => {
    const cells: string[] = [];
    for (const cell of findElements(row, "c")) {
      const column = columnOf(cell.attributes["r"] ?? "") ?? cells.length;
      while (cells.length < column) cells.push("");
      cells[column] = cellValue(cell, shared, dates);
    }
    return cells;
  });
}

/** "BC12" is column 54, counted from 0; the format ends at column 16,383. */
function columnOf(reference: string): number | null {
  const letters = /^[A-Z]{1,3}/u.exec(reference)?.[0];
  if (!letters) return null;
  const column = [...letters].reduce((value, letter) => value * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return Math.min(column, 16_383);
}

function cellValue(cell: XmlElement, shared: readonly string[], dates: ReadonlySet<number>): string {
  const type = cell.attributes["t"];
  if (type === "inlineStr") return findElements(cell, "t").map(elementText).join("");
  const raw = findElements(cell, "v").map(elementText).join("");
  if (type === "s") return shared[Number(raw)] ?? "";
  if (type === "b") return raw === "1" ? "true" : "false";
  const serial = Number(raw);
  return raw !== "" && !type && dates.has(Number(cell.attributes["s"])) && serial >= 1 && serial < 2_958_466
    ? dateOf(serial)
    : raw;
}

/** Days since 30 December 1899; the fraction is the time of day. */
function dateOf(serial: number): string {
  const iso = new Date(Math.round((serial - 25_569) * 86_400) * 1000).toISOString();
  return Number.isInteger(serial) ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}
