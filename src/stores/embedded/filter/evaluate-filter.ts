import type { Filter, FilterScalar } from "../../../filter/filter.ts";
import { instantOf } from "../../../filter/instant.ts";
import { matches } from "../../../filter/matches.ts";
import type { Metadata } from "../../../records.ts";
import type { Database } from "../sqlite/database.ts";
import { intersect, negate, unite, type Allowed } from "./allowed-set.ts";
import { bitsOf } from "./bits.ts";
import { lastNumber } from "./last-number.ts";
import { fieldQueries, type FieldQueries } from "./leaf-queries.ts";

interface Evaluation {
  readonly db: Database;
  readonly tenant: number;
  readonly fields: FieldQueries;
  readonly metadataSize: number;
  readonly documentSize: number;
}

/** Exactly `matches(filter)` for every row of the tenant, as this transaction sees them. */
export const rowsThatMatch = (db: Database, tenant: number, filter: Filter): Allowed =>
  evaluate(evaluation(db, tenant), filter);

const evaluation = (db: Database, tenant: number): Evaluation => ({
  db,
  tenant,
  fields: fieldQueries(db, tenant),
  metadataSize: lastNumber(db, "metadata") + 1,
  documentSize: lastNumber(db, "documents") + 1,
});

function evaluate(e: Evaluation, filter: Filter): Allowed {
  switch (filter.op) {
    case "and":
      return documentsBetween(e, filter.filters) ?? intersect(filter.filters.map((part) => evaluate(e, part)));
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

/** Ids that begin alike stand together in the index: from one text on, up to another. */
function documentsBetween(e: Evaluation, [from, to, ...others]: readonly Filter[]): Allowed | null {
  if (from?.op !== "gte" || to?.op !== "lt" || others.length > 0) return null;
  if (from.field !== "document_id" || to.field !== "document_id") return null;
  if (!isPlainText(from.value) || !isPlainText(to.value)) return null;
  const rows = e.db.all<Pick<DocumentName, "document_key">>(
    "SELECT document_key FROM documents WHERE tenant = ? AND document_id >= ? AND document_id < ?",
    e.tenant,
    from.value,
    to.value,
  );
  return {
    of: "document",
    bits: bitsOf(
      e.documentSize,
      rows.map((row) => row.document_key),
    ),
  };
}

/** Compared by code point with every id, also with one in the form of a date. */
const isPlainText = (value: string | number): value is string => typeof value === "string" && instantOf(value) === null;

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
