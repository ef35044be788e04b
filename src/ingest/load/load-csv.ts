import { parse } from "csv-parse/sync";
import { decodeText } from "./decode-text.ts";
import type { LoadedDocument, Loader } from "./loaded-document.ts";
import { noText, unreadable } from "./refusal.ts";
import { oneLine, textBuilder } from "./text-builder.ts";

const delimiters = [",", ";", "\t", "|"] as const;
const sniffedCharacters = 20_000;

/** Rows become "column: value; column: value", so that a row is understood away from its header. */
export const loadCsv: Loader = ({ bytes, name }) => csvDocument(decodeText(bytes), name);

function csvDocument(text: string, name: string): LoadedDocument {
  const [header, ...rows] = parseRows(text, name);
  if (!header) throw noText(name, "it has no rows");
  const builder = textBuilder();
  const columns = header.map(oneLine);
  if (rows.length === 0) builder.block("paragraph", columns.join("; "));
  else if (looksLikeHeader(columns))
    builder.table([columns.join(" | "), ...rows.map((row) => labelledRow(columns, row))]);
  else builder.table([header, ...rows].map((row) => row.map(oneLine).filter(Boolean).join(" | ")));
  return { title: null, mime: "text/csv", ...builder.finish(), metadata: {} };
}

export const labelledRow = (columns: readonly string[], row: readonly string[]): string =>
  row
    .map((value, index) => [columns[index] ?? "", oneLine(value)] as const)
    .filter(([, value]) => value !== "")
    .map(([column, value]) => (column ? `${column}: ${value}` : value))
    .join("; ");

/** A header names its columns: no value is empty beyond the last, none is repeated, few are numbers. */
export function looksLikeHeader(columns: readonly string[]): boolean {
  const named = columns.filter(Boolean);
  const numbers = named.filter((value) => /^[-+]?[\d.,]+%?$/u.test(value)).length;
  return named.length > 0 && new Set(named).size === named.length && numbers * 2 < named.length;
}

function parseRows(text: string, name: string): readonly (readonly string[])[] {
  const delimiter = sniffDelimiter(text);
  const options = { delimiter, relax_column_count: true, skip_empty_lines: true, bom: true } as const;
  try {
    return parse(text, { ...options, relax_quotes: true });
  } catch {
    try {
      return parse(text, { ...options, quote: null });
    } catch (error) {
      throw unreadable(name, "its rows cannot be told apart", error);
    }
  }
}

/** The delimiter that the first lines agree on best. */
function sniffDelimiter(text: string): string {
  const lines = text.slice(0, sniffedCharacters).split(/\r?\n/u).filter(Boolean).slice(0, 20);
  const scores = delimiters.map((delimiter) => {
    const counts = lines.map((line) => line.replace(/"[^"]*"/gu, "").split(delimiter).length - 1);
    const typical = counts.toSorted((a, b) => a - b)[counts.length >> 1] ?? 0;
    const agreeing = counts.filter((count) => count === typical).length;
    return { delimiter, score: typical === 0 ? 0 : agreeing / lines.length + Math.min(typical, 50) / 1000 };
  });
  return scores.reduce((best, next) => (next.score > best.score ? next : best)).delimiter;
}
