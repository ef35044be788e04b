import type { GeoPoint, Metadata } from "../records.ts";
import type { Filter, FilterScalar, Position } from "./filter.ts";
import { distanceMeters, isWithin } from "./geo.ts";
import { instantOf } from "./instant.ts";

/** What a filter can see of a chunk. */
export interface Filterable {
  readonly document_id: string;
  readonly metadata: Metadata;
}

/**
 * The reference meaning of the filter language, slow and plain; engines are tested against it.
 *
 * As in MongoDB: a list matches when one of its elements does; `eq null` matches a missing field; `ne`, `nin` and
 * `not` are complements, so they match missing fields too; an ordering compares only values of one type. Text in
 * ISO 8601 form is compared as an instant when both sides are; all other text by code point.
 */
export function matches(filter: Filter, record: Filterable): boolean {
  switch (filter.op) {
    case "and":
      return filter.filters.every((part) => matches(part, record));
    case "or":
      return filter.filters.some((part) => matches(part, record));
    case "not":
      return !matches(filter.filter, record);
    case "ne":
      return !matches({ op: "eq", field: filter.field, value: filter.value }, record);
    case "nin":
      return !matches({ op: "in", field: filter.field, values: filter.values }, record);
    case "in":
      return filter.values.some((value) => equals(valueAt(record, filter.field), value));
    case "eq":
      return equals(valueAt(record, filter.field), filter.value);
    case "exists":
      return (valueAt(record, filter.field) !== undefined) === filter.exists;
    case "geoWithin": {
      const point = positionOf(valueAt(record, filter.field));
      return point !== null && isWithin(point, filter.shape);
    }
    case "near": {
      const point = positionOf(valueAt(record, filter.field));
      if (point === null) return false;
      const meters = distanceMeters(point, filter.center);
      return meters >= filter.minMeters && meters <= filter.maxMeters;
    }
    default:
      return elementsOf(valueAt(record, filter.field)).some((element) => {
        const order = compare(element, filter.value);
        if (order === null) return false;
        return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[filter.op];
      });
  }
}

/** The value at a dotted path, undefined when absent. Own properties only. */
export function valueAt(record: Filterable, field: string): unknown {
  let value: unknown = record;
  for (const name of field.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The scalars a value offers to a comparison: itself, or the elements of a list. */
function elementsOf(value: unknown): readonly FilterScalar[] {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  return elements.filter(
    (element): element is FilterScalar =>
      element === null || typeof element === "string" || typeof element === "number" || typeof element === "boolean",
  );
}

const equals = (value: unknown, wanted: FilterScalar): boolean =>
  value === undefined
    ? wanted === null
    : elementsOf(value).some((element) => element === wanted || compare(element, wanted) === 0);

/** Negative, zero or positive; null when the two are not of one type. */
function compare(a: FilterScalar, b: FilterScalar): number | null {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== "string" || typeof b !== "string") return null;
  const instants = [instantOf(a), instantOf(b)] as const;
  if (instants[0] !== null && instants[1] !== null) return instants[0] - instants[1];
  return compareText(a, b);
}

/** By code point, as UTF-8 bytes and BSON strings are ordered; `<` on strings would compare UTF-16 units. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogates = [x, y].map((unit) => unit >= 0xd800 && unit <= 0xdfff);
    if (surrogates[0] !== surrogates[1]) return surrogates[0] ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** A GeoJSON point as a position; null when it is anything else. */
export function positionOf(value: unknown): Position | null {
  const point = value as Partial<GeoPoint> | null | undefined;
  if (typeof point !== "object" || point === null || point.type !== "Point" || !Array.isArray(point.coordinates))
    return null;
  const [longitude, latitude] = point.coordinates as readonly unknown[];
  return typeof longitude === "number" && typeof latitude === "number" && isPosition({ longitude, latitude })
    ? { longitude, latitude }
    : null;
}

export const isPosition = (p: Position): boolean =>
  Number.isFinite(p.longitude) &&
  Number.isFinite(p.latitude) &&
  Math.abs(p.longitude) <= 180 &&
  Math.abs(p.latitude) <= 90;
