import { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp } from "bson";
import { compareText } from "../../filter/matches.ts";

/** A BSON document as the server holds it: numbers promoted, binary data kept as `Binary`. */
export type Doc = Record<string, unknown>;

export const isDoc = (value: unknown): value is Doc =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

export const asDoc = (value: unknown): Doc => (isDoc(value) ? value : {});

export const asDocs = (value: unknown): readonly Doc[] => (Array.isArray(value) ? value.filter(isDoc) : []);

export const asText = (value: unknown): string => (typeof value === "string" ? value : "");

/** A number out of any of BSON's, or the fallback. */
export function asNumber(value: unknown, fallback: number): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (Long.isLong(value)) return value.toNumber();
  if (value instanceof Int32 || value instanceof Double) return Number(value.value);
  return fallback;
}

/** One string per distinct BSON value: equal values, equal strings. Numbers of every type are one kind. */
export function keyOf(value: unknown): string {
  if (value === undefined || value === null) return "n";
  if (typeof value === "string") return `s${value}`;
  if (typeof value === "number" || typeof value === "bigint") return `d${Number(value)}`;
  if (typeof value === "boolean") return value ? "t" : "f";
  if (value instanceof Date) return `D${value.getTime()}`;
  if (value instanceof ObjectId) return `o${value.toHexString()}`;
  if (value instanceof Binary) return `b${value.sub_type}:${value.toString("base64")}`;
  if (value instanceof RegExp) return `r${String(value)}`;
  if (value instanceof Decimal128) return `d${Number(value.toString())}`;
  if (value instanceof Timestamp) return `T${value.toString()}`;
  if (Long.isLong(value)) return `d${value.toNumber()}`;
  if (Array.isArray(value)) return `[${value.map((part) => JSON.stringify(keyOf(part))).join(",")}]`;
  return `{${Object.entries(value)
    .map(([name, part]) => `${JSON.stringify(name)}:${JSON.stringify(keyOf(part))}`)
    .join(",")}}`;
}

/** A copy that shares no object or array with the original; BSON values are immutable and shared. */
export function cloneValue<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneValue) as T;
  if (!isDoc(value)) return value;
  const copy: Doc = {};
  for (const name of Object.keys(value)) copy[name] = cloneValue(value[name]);
  return copy as T;
}

/** Every value at a dotted path, arrays fanned out as an index does; empty when the path is absent. */
export function valuesAt(document: unknown, path: string): readonly unknown[] {
  const parts = path.split(".");
  let level: readonly unknown[] = [document];
  parts.forEach((name) => {
    level = level.flatMap((value) => {
      const within: readonly unknown[] = Array.isArray(value) ? value : [value];
      return within.flatMap((part) => (isDoc(part) && Object.hasOwn(part, name) ? [part[name]] : []));
    });
  });
  return level;
}

const ranks: Readonly<Record<string, number>> = { null: 1, number: 2, string: 3, object: 4, array: 5, binary: 6 };

function rankOf(value: unknown): number {
  if (value === undefined || value === null) return ranks["null"]!;
  if (typeof value === "number" || typeof value === "bigint" || Long.isLong(value) || value instanceof Decimal128)
    return ranks["number"]!;
  if (typeof value === "string") return ranks["string"]!;
  if (Array.isArray(value)) return ranks["array"]!;
  if (value instanceof Binary) return ranks["binary"]!;
  if (value instanceof ObjectId) return 7;
  if (typeof value === "boolean") return 8;
  if (value instanceof Date) return 9;
  if (value instanceof Timestamp) return 10;
  if (value instanceof RegExp) return 11;
  return ranks["object"]!;
}

/** The server's order of BSON values: by type first, text by code point. */
export function compareBson(a: unknown, b: unknown): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (rankA === ranks["number"]) return numeric(a) - numeric(b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (a instanceof ObjectId && b instanceof ObjectId) return compareText(a.toHexString(), b.toHexString());
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (isDoc(a) && isDoc(b)) return compareLists(Object.entries(a).flat(), Object.entries(b).flat());
  const [keyA, keyB] = [keyOf(a), keyOf(b)];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

const numeric = (value: unknown): number =>
  value instanceof Decimal128 ? Number(value.toString()) : asNumber(value, Number.NaN);

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareBson(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** The value a sort compares: the least element of an array going up, the greatest going down. */
function sortValue(document: Doc, path: string, direction: number): unknown {
  const values = valuesAt(document, path).flatMap((value): readonly unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  if (values.length === 0) return null;
  return values.reduce((best, value) => (compareBson(value, best) * direction < 0 ? value : best));
}

/** Sorts by a `{path: 1 | -1}` specification, stable, in the server's order. */
export function sortDocs(documents: readonly Doc[], sort: Doc): Doc[] {
  const keys = Object.entries(sort).map(([path, direction]) => ({ path, direction: asNumber(direction, 1) }));
  return documents
    .map((document) => ({ document, values: keys.map((key) => sortValue(document, key.path, key.direction)) }))
    .sort((a, b) => {
      for (let i = 0; i < keys.length; i++) {
        const order = compareBson(a.values[i], b.values[i]) * keys[i]!.direction;
        if (order !== 0) return order;
      }
      return 0;
    })
    .map((entry) => entry.document);
}
