import { ServerError, notImplemented } from "./fault.ts";
import type { Query } from "./query.ts";
import { asDoc, asNumber, asText, isDoc, keyOf, valuesAt, type Doc } from "./value.ts";

/** One index of a collection, as `listIndexes` shows it. */
export interface IndexSpec {
  readonly name: string;
  readonly key: Readonly<Record<string, number | string>>;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partialFilterExpression: Doc | null;
  readonly expireAfterSeconds: number | null;
}

const known = new Set(["name", "key", "unique", "sparse", "partialFilterExpression", "expireAfterSeconds", "v"]);
const ignored = new Set(["background", "ns"]);

export function parseIndexSpec(input: unknown): IndexSpec {
  const spec = asDoc(input);
  const key = Object.fromEntries(
    Object.entries(asDoc(spec["key"])).map(([path, kind]) => [
      path,
      typeof kind === "string" ? kind : asNumber(kind, 0),
    ]),
  );
  if (Object.keys(key).length === 0) throw new ServerError("BadValue", "an index needs at least one key");
  for (const [path, kind] of Object.entries(key)) {
    if (kind === 1 || kind === -1 || kind === "hashed") continue;
    if (kind === 0) throw new ServerError("BadValue", `Values in v:2 index key pattern cannot be 0: ${path}`);
    throw notImplemented(`indexes of kind ${String(kind)}`);
  }
  const stranger = Object.keys(spec).find((name) => !known.has(name) && !ignored.has(name));
  if (stranger !== undefined) throw notImplemented(`the index option ${stranger}`);
  const unique = spec["unique"] === true;
  if (unique && Object.values(key).includes("hashed"))
    throw new ServerError("BadValue", "Currently hashed indexes cannot guarantee uniqueness");
  const expire = spec["expireAfterSeconds"];
  if (expire !== undefined && (asNumber(expire, -1) < 0 || asNumber(expire, -1) > 2_147_483_647))
    throw new ServerError("BadValue", "TTL index 'expireAfterSeconds' option must be within 0 and 2147483647");
  return {
    name: asText(spec["name"]) || defaultName(key),
    key,
    unique,
    sparse: spec["sparse"] === true,
    partialFilterExpression: isDoc(spec["partialFilterExpression"]) ? spec["partialFilterExpression"] : null,
    expireAfterSeconds: expire === undefined ? null : asNumber(expire, 0),
  };
}

const defaultName = (key: IndexSpec["key"]): string =>
  Object.entries(key)
    .map(([path, kind]) => `${path}_${kind}`)
    .join("_");

/** The entries a document has in an index: one per combination of array elements. */
export function entriesOf(spec: IndexSpec, document: Doc, partial: Query | null): readonly string[] {
  if (partial !== null && !partial.test(document)) return [];
  const columns = Object.keys(spec.key).map((path) => {
    const values = valuesAt(document, path).flatMap((value): readonly unknown[] =>
      Array.isArray(value) && value.length > 0 ? value : [value],
    );
    return values.length === 0 ? [undefined] : values;
  });
  if (spec.sparse && columns.every((column) => column[0] === undefined)) return [];
  return combine(columns.map((column) => [...new Set(column.map(keyOf))]));
}

/** Every way to take one string of each column, joined. */
export function combine(columns: readonly (readonly string[])[]): readonly string[] {
  return columns.reduce<readonly string[]>(
    (rows, column) => rows.flatMap((row) => column.map((value) => (row === "" ? value : `${row}\u0001${value}`))),
    [""],
  );
}

export const describeIndex = (spec: IndexSpec): Doc => ({
  v: 2,
  key: spec.key,
  name: spec.name,
  ...(spec.unique ? { unique: true } : {}),
  ...(spec.sparse ? { sparse: true } : {}),
  ...(spec.partialFilterExpression ? { partialFilterExpression: spec.partialFilterExpression } : {}),
  ...(spec.expireAfterSeconds === null ? {} : { expireAfterSeconds: spec.expireAfterSeconds }),
});

/** Equal in everything but the name. */
export const sameIndex = (a: IndexSpec, b: IndexSpec): boolean =>
  keyOf({ ...describeIndex(a), name: "", key: Object.entries(a.key) }) ===
  keyOf({ ...describeIndex(b), name: "", key: Object.entries(b.key) });
