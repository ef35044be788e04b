import { z } from "zod";
import type { Filter, FilterScalar } from "../filter/filter.ts";

/**
 * The filter language of `filter_queries.jsonl`: `{field: value}`, `{field: {gte, gt, lte, lt, ne, in, contains}}`,
 * `{and: […]}`, `{or: […]}`, `{not: …}`, `{geo_radius: {lat, lon, km}}`, `{geo_box: {south, west, north, east}}`;
 * several keys mean all of them. Geographic filters look at `metadata.location`.
 * @throws ZodError for anything else.
 */
export function parseDatasetFilter(input: unknown): Filter {
  const parts = Object.entries(z.record(z.string(), z.unknown()).parse(input)).map(([key, value]) =>
    partOf(key, value),
  );
  return parts.length === 1 ? parts[0]! : { op: "and", filters: parts };
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const ordered = z.union([z.string(), z.number()]);
const radius = z.strictObject({ lat: z.number(), lon: z.number(), km: z.number() });
const box = z.strictObject({ south: z.number(), west: z.number(), north: z.number(), east: z.number() });
const condition = z.strictObject({
  gt: ordered.optional(),
  gte: ordered.optional(),
  lt: ordered.optional(),
  lte: ordered.optional(),
  ne: scalar.optional(),
  in: z.array(scalar).min(1).optional(),
  contains: scalar.optional(),
});
const location = "metadata.location";

function partOf(key: string, value: unknown): Filter {
  switch (key) {
    case "and":
    case "or":
      return { op: key, filters: z.array(z.unknown()).min(1).parse(value).map(parseDatasetFilter) };
    case "not":
      return { op: "not", filter: parseDatasetFilter(value) };
    case "geo_radius": {
      const { lat, lon, km } = radius.parse(value);
      const center = { longitude: lon, latitude: lat };
      return { op: "geoWithin", field: location, shape: { kind: "circle", center, meters: km * 1000 } };
    }
    case "geo_box":
      return { op: "geoWithin", field: location, shape: { kind: "box", ...box.parse(value) } };
    default:
      return fieldFilter(`metadata.${key}`, value);
  }
}

function fieldFilter(field: string, value: unknown): Filter {
  const plain = scalar.safeParse(value);
  if (plain.success) return { op: "eq", field, value: plain.data };
  const parts = Object.entries(condition.parse(value)).map(([operator, operand]) =>
    comparison(field, operator, operand),
  );
  return parts.length === 1 ? parts[0]! : { op: "and", filters: parts };
}

function comparison(field: string, operator: string, operand: unknown): Filter {
  switch (operator) {
    case "in":
      return { op: "in", field, values: operand as readonly FilterScalar[] };
    case "contains":
      return { op: "eq", field, value: operand as FilterScalar };
    case "ne":
      return { op: "ne", field, value: operand as FilterScalar };
    default:
      return { op: operator as "gt" | "gte" | "lt" | "lte", field, value: operand as string | number };
  }
}
