import { decodeText } from "./decode-text.ts";
import { textDocument } from "./load-text.ts";
import type { LoadedDocument, Loader } from "./loaded-document.ts";
import { textBuilder, type TextBuilder } from "./text-builder.ts";

const titleKeys = ["title", "name", "headline", "subject"];

/** Values with the path of their keys, one a line; what does not parse is kept as text. */
export const loadJson: Loader = ({ bytes }) => {
  const text = decodeText(bytes);
  const value = parseJson(text);
  if (value === undefined) return textDocument(text, "text/plain");
  const builder = textBuilder();
  addRecords(Array.isArray(value) ? value : [value], builder);
  return document(builder, "application/json", Array.isArray(value) ? null : titleOf(value));
};

/** One record a line; lines that do not parse are kept as they are. */
export const loadJsonLines: Loader = ({ bytes }) => {
  const builder = textBuilder();
  const lines = decodeText(bytes)
    .split(/\r?\n/u)
    .filter((line) => line.trim());
  addRecords(
    lines.map((line) => parseJson(line) ?? line),
    builder,
  );
  return document(builder, "application/x-ndjson", null);
};

function document(builder: TextBuilder, mime: string, title: string | null): LoadedDocument {
  return { title, mime, ...builder.finish(), metadata: {} };
}

/** Each record is a paragraph of "path: value" lines. */
function addRecords(records: readonly unknown[], builder: TextBuilder): void {
  for (const record of records) builder.block("paragraph", flatten(record).join("\n"));
}

/** Iterative, because files may nest deeper than the stack. */
function flatten(root: unknown): readonly string[] {
  const lines: string[] = [];
  const stack: { readonly path: string; readonly value: unknown }[] = [{ path: "", value: root }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { path, value } = top;
    if (Array.isArray(value) && !value.every(isScalar)) {
      for (let i = value.length; i > 0; i -= 1) stack.push({ path: join(path, String(i)), value: value[i - 1] });
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, item] of Object.entries(value).toReversed()) stack.push({ path: join(path, key), value: item });
    } else {
      const shown = Array.isArray(value) ? value.map(String).join(", ") : String(value ?? "");
      if (shown.trim()) lines.push((path ? `${path}: ${shown}` : shown).toWellFormed().replaceAll("\0", "\uFFFD"));
    }
  }
  return lines;
}

const join = (path: string, key: string): string => (path ? `${path}.${key}` : key);

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;

function titleOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const record: Record<string, unknown> = { ...value };
  const title = titleKeys
    .map((key) => record[key])
    .find((candidate) => typeof candidate === "string" && candidate.trim());
  return typeof title === "string" ? title.trim() : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
