import { instantOf } from "../../filter/instant.ts";
import type { Filter, FilterScalar } from "../../filter/filter.ts";
import { maxTokenCharacters, type FilterField } from "./filter-fields.ts";

export type Clause = Readonly<Record<string, unknown>>;

/** One filter in the two languages that mongot has: of `$vectorSearch`, and of `$search`. */
export interface NativeFilter {
  readonly vector: Clause;
  readonly search: Clause;
  /** The same for `find` and `count`. */
  readonly match: Clause;
}

/** Null where the indexes cannot say exactly what the filter means; it is then resolved to ids first. */
export function nativeFilter(filter: Filter, fields: readonly FilterField[]): NativeFilter | null {
  switch (filter.op) {
    case "and":
    case "or":
      return joined(filter.op, filter.filters, fields);
    case "eq":
      return anyOf(filter.field, [filter.value], fields);
    case "in":
      return anyOf(filter.field, filter.values, fields);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return compared(filter.op, filter.field, filter.value, fields);
    default:
      return null;
  }
}

function joined(op: "and" | "or", filters: readonly Filter[], fields: readonly FilterField[]): NativeFilter | null {
  const parts = filters.map((part) => nativeFilter(part, fields));
  if (parts.length === 0 || parts.some((part) => part === null)) return null;
  const known = parts.filter((part) => part !== null);
  const search = known.map((part) => part.search);
  return {
    vector: { [`$${op}`]: known.map((part) => part.vector) },
    match: { [`$${op}`]: known.map((part) => part.match) },
    search: { compound: op === "and" ? { filter: search } : { should: search, minimumShouldMatch: 1 } },
  };
}

/** The value as the index holds it; null where the index holds other types under this path. */
function indexValue(value: FilterScalar, path: string, fields: readonly FilterField[]): unknown {
  if (typeof value === "string" && value.length > maxTokenCharacters) return null;
  if (path === "document_id") return typeof value === "string" ? value : null;
  const kind = fields.find((field) => field.path === path)?.kind;
  if (kind === "date" && typeof value === "string") {
    const instant = instantOf(value);
    return instant !== null && Number.isInteger(instant) ? new Date(instant) : null;
  }
  if (kind === "string") return typeof value === "string" && instantOf(value) === null ? value : null;
  return typeof value === kind ? value : null;
}

function anyOf(path: string, values: readonly FilterScalar[], fields: readonly FilterField[]): NativeFilter | null {
  const converted = values.map((value) => indexValue(value, path, fields));
  if (converted.length === 0 || converted.some((value) => value === null)) return null;
  const condition = { [path]: { $in: converted } };
  const one = converted.length === 1;
  return {
    vector: condition,
    match: condition,
    search: one ? { equals: { path, value: converted[0] } } : { in: { path, value: converted } },
  };
}

function compared(
  op: "gt" | "gte" | "lt" | "lte",
  path: string,
  value: string | number,
  fields: readonly FilterField[],
): NativeFilter | null {
  const kind = fields.find((field) => field.path === path)?.kind;
  const converted = kind === "date" || kind === "number" ? indexValue(value, path, fields) : null;
  if (converted === null) return null;
  const condition = { [path]: { [`$${op}`]: converted } };
  return { vector: condition, match: condition, search: { range: { path, [op]: converted } } };
}

/** A condition that lets through everything that the filter lets through, and as little else as is simple to say. */
export function coarseMatch(filter: Filter): Clause {
  switch (filter.op) {
    case "and": {
      const parts = filter.filters.map(coarseMatch).filter((part) => Object.keys(part).length > 0);
      return parts.length === 0 ? {} : { $and: parts };
    }
    case "or": {
      const parts = filter.filters.map(coarseMatch);
      return parts.length === 0 || parts.some((part) => Object.keys(part).length === 0) ? {} : { $or: parts };
    }
    case "eq":
      return isPlain(filter.value) ? { [filter.field]: filter.value } : {};
    case "in":
      return filter.values.every(isPlain) ? { [filter.field]: { $in: filter.values } } : {};
    default:
      return {};
  }
}

/** Values that are stored as they are written. */
const isPlain = (value: FilterScalar): boolean =>
  typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && instantOf(value) === null);
