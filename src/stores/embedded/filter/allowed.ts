import type { Filter, FilterScalar } from "../../../filter/filter.ts";
import { matches } from "../../../filter/matches.ts";
import type { Metadata, MetadataValue } from "../../../records.ts";
import { mayRead, type Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import { bitsOf, both, complement, either, hasBit, type Bits } from "./bits.ts";
import { fieldQueries, type FieldQueries } from "./leaf-queries.ts";

/**
 * Which rows scope and filter allow. A row is known by the numbers of its metadata object and its document; a filter
 * is decided once for each distinct object, then read off for every row.
 */
export type Allowed =
  | { readonly of: "all" }
  | { readonly of: "metadata"; readonly bits: Bits }
  | { readonly of: "document"; readonly bits: Bits }
  | { readonly of: "pair"; readonly test: RowTest };

export type RowTest = (metadataId: number, documentKey: number) => boolean;

/** Exactly `matches(filter)` and `mayRead(scope)` for every row of the tenant, as this transaction sees them. */
export function allowedRows(db: Database, tenant: number, scope: Scope, filter: Filter | null): Allowed {
  const access = accessFilter(db, tenant, scope);
  if (filter === null) return access;
  return intersect([access, evaluate(evaluation(db, tenant), filter)]);
}

export function rowTest(allowed: Allowed): RowTest {
  switch (allowed.of) {
    case "all":
      return () => true;
    case "metadata":
      return (metadataId) => hasBit(allowed.bits, metadataId);
    case "document":
      return (_metadataId, documentKey) => hasBit(allowed.bits, documentKey);
    case "pair":
      return allowed.test;
  }
}

const all: Allowed = { of: "all" };
const none: Allowed = { of: "pair", test: () => false };

function accessFilter(db: Database, tenant: number, scope: Scope): Allowed {
  if (scope.principals === "all") return all;
  const size = tableSize(db, "metadata_id", "metadata");
  const rows = db.all<{ metadata_id: number; guard: string | null }>(
    `SELECT metadata_id, guard FROM metadata WHERE tenant = ?1 AND access = 'open'
     UNION ALL
     SELECT t.metadata_id, m.guard FROM metadata_texts t JOIN metadata m USING (metadata_id)
     WHERE t.tenant = ?1 AND t.field = 'metadata.access' AND m.access = 'listed'
     AND t.value IN (SELECT value FROM json_each(?2))`,
    tenant,
    JSON.stringify(scope.principals),
  );
  const readable = rows.filter(
    ({ guard }) => guard === null || mayRead(scope, { access: JSON.parse(guard) as MetadataValue }),
  );
  return {
    of: "metadata",
    bits: bitsOf(
      size,
      readable.map((row) => row.metadata_id),
    ),
  };
}

interface Evaluation {
  readonly db: Database;
  readonly tenant: number;
  readonly fields: FieldQueries;
  readonly metadataSize: number;
  readonly documentSize: number;
}

const evaluation = (db: Database, tenant: number): Evaluation => ({
  db,
  tenant,
  fields: fieldQueries(db, tenant),
  metadataSize: tableSize(db, "metadata_id", "metadata"),
  documentSize: tableSize(db, "document_key", "documents"),
});

const tableSize = (db: Database, key: string, table: string): number =>
  (db.get<{ last: number | null }>(`SELECT max(${key}) AS last FROM ${table}`)?.last ?? 0) + 1;

function evaluate(e: Evaluation, filter: Filter): Allowed {
  switch (filter.op) {
    case "and":
      return intersect(filter.filters.map((part) => evaluate(e, part)));
    case "or":
      return unite(filter.filters.map((part) => evaluate(e, part)));
    case "not":
      return negate(evaluate(e, filter.filter));
    case "ne":
      return negate(leaf(e, { op: "eq", field: filter.field, value: filter.value }));
    case "nin":
      return negate(leaf(e, { op: "in", field: filter.field, values: filter.values }));
    case "eq":
      return leaf(e, { op: "eq", field: filter.field, value: filter.value });
    case "in":
      return leaf(e, { op: "in", field: filter.field, values: filter.values });
    default:
      return leaf(e, filter);
  }
}

/** A condition on one field that is not a complement. */
type Leaf =
  | { readonly op: "eq"; readonly field: string; readonly value: FilterScalar }
  | { readonly op: "in"; readonly field: string; readonly values: readonly FilterScalar[] }
  | Extract<Filter, { readonly op: "gt" | "gte" | "lt" | "lte" }>
  | Extract<Filter, { readonly op: "exists" }>
  | Extract<Filter, { readonly op: "geoWithin" }>
  | Extract<Filter, { readonly op: "near" }>;

function leaf(e: Evaluation, filter: Leaf): Allowed {
  if (filter.field === "document_id") return documentLeaf(e, filter);
  if (hasLongText(filter)) return slowLeaf(e, filter);
  return metadataLeaf(e, filter);
}

function metadataLeaf(e: Evaluation, filter: Leaf): Allowed {
  const found = (ids: Iterable<number>): Allowed => ({ of: "metadata", bits: bitsOf(e.metadataSize, ids) });
  switch (filter.op) {
    case "eq":
    case "in": {
      const values = filter.op === "eq" ? [filter.value] : filter.values;
      const holding = found(values.flatMap((value) => e.fields.equals(filter.field, value)));
      if (!values.includes(null)) return holding;
      return unite([holding, negate(found(e.fields.exists(filter.field)))]);
    }
    case "exists": {
      const existing = found(e.fields.exists(filter.field));
      return filter.exists ? existing : negate(existing);
    }
    case "geoWithin":
      return found(e.fields.within(filter.field, filter.shape));
    case "near":
      return found(e.fields.near(filter));
    default:
      return found(e.fields.ordered(filter.op, filter.field, filter.value));
  }
}

/** A programme's own filter may hold longer text than the index does: then the objects themselves are asked. */
const hasLongText = (filter: Leaf): boolean =>
  ("value" in filter ? [filter.value] : "values" in filter ? filter.values : []).some(
    (value) => typeof value === "string" && value.length > 1000,
  );

function slowLeaf(e: Evaluation, filter: Leaf): Allowed {
  const rows = e.db
    .all<{ metadata_id: number; json: string }>("SELECT metadata_id, json FROM metadata WHERE tenant = ?", e.tenant)
    .filter((row) => matches(filter, { document_id: "", metadata: JSON.parse(row.json) as Metadata }));
  return {
    of: "metadata",
    bits: bitsOf(
      e.metadataSize,
      rows.map((row) => row.metadata_id),
    ),
  };
}

/** `document_id` is always present and always text; equality is answered from the unique index. */
function documentLeaf(e: Evaluation, filter: Leaf): Allowed {
  const exact = filter.op === "eq" ? [filter.value] : filter.op === "in" ? filter.values : null;
  const candidates = exact === null || exact.some(isAmbiguous) ? allDocuments(e) : namedDocuments(e, exact);
  const rows = candidates.filter((row) => matches(filter, { document_id: row.document_id, metadata: {} }));
  return {
    of: "document",
    bits: bitsOf(
      e.documentSize,
      rows.map((row) => row.document_key),
    ),
  };
}

interface DocumentName {
  readonly document_key: number;
  readonly document_id: string;
}

/** An id in the form of a date equals other spellings of the same instant. */
const isAmbiguous = (value: unknown): boolean => typeof value === "string" && /^\d{4}-\d{2}-\d{2}/.test(value);

const allDocuments = (e: Evaluation): readonly DocumentName[] =>
  e.db.all<DocumentName>("SELECT document_key, document_id FROM documents WHERE tenant = ?", e.tenant);

const namedDocuments = (e: Evaluation, ids: readonly unknown[]): readonly DocumentName[] =>
  e.db.all<DocumentName>(
    `SELECT document_key, document_id FROM documents
     WHERE tenant = ? AND document_id IN (SELECT value FROM json_each(?))`,
    e.tenant,
    JSON.stringify(ids.filter((id) => typeof id === "string")),
  );

function negate(allowed: Allowed): Allowed {
  if (allowed.of === "all") return none;
  if (allowed.of === "pair") return { of: "pair", test: (m, d) => !allowed.test(m, d) };
  return { of: allowed.of, bits: complement(allowed.bits) };
}

const intersect = (parts: readonly Allowed[]): Allowed =>
  join(
    parts.filter((part) => part.of !== "all"),
    both,
    (tests) => (m, d) => tests.every((test) => test(m, d)),
  ) ?? all;

const unite = (parts: readonly Allowed[]): Allowed =>
  parts.some((part) => part.of === "all")
    ? all
    : (join(parts, either, (tests) => (m, d) => tests.some((test) => test(m, d))) ?? none);

/** Sets over the same numbers are joined word by word; over different ones, row by row. */
function join(
  parts: readonly Allowed[],
  bitwise: (a: Bits, b: Bits) => Bits,
  rowwise: (tests: readonly RowTest[]) => RowTest,
): Allowed | null {
  const [first, ...rest] = parts;
  if (!first) return null;
  if ((first.of === "metadata" || first.of === "document") && rest.every((part) => part.of === first.of)) {
    return {
      of: first.of,
      bits: (rest as readonly { readonly bits: Bits }[]).reduce((sum, part) => bitwise(sum, part.bits), first.bits),
    };
  }
  return { of: "pair", test: rowwise(parts.map(rowTest)) };
}
