import { HybridRAGError } from "../errors.ts";
import { fieldPattern, type Filter, type FilterScalar, type Position, type Shape } from "./filter.ts";
import { earthRadiusMeters } from "./geo.ts";
import { isPosition } from "./matches.ts";

/** Bounds that keep one filter from being an attack: no honest one comes near them. */
const limits = { depth: 16, nodes: 256, values: 1000, text: 1000, vertices: 1000 };

/** Fields that decide who may read; a request never names them. */
const reserved = new Set(["metadata.tenant_id", "metadata.access"]);

/**
 * Parses MongoDB's familiar form, such as
 * `{"metadata.category": "x", "metadata.timestamp": {"$gte": "2026-01-01"}, "$or": […]}`.
 *
 * @param at JSON pointer to the filter inside what was sent, such as `/filters`; empty when it is the whole of it.
 * @returns the filter, or null for `{}` and undefined: everything.
 * @throws HybridRAGError `invalid_filter`; message and `details.path` give the JSON pointer to the fault, from `at` on.
 */
export function parseFilter(input: unknown, at = ""): Filter | null {
  if (input === undefined || input === null) return null;
  const state = { nodes: 0 };
  const parts = parseObject(input, at, 0, state);
  return parts.length === 0 ? null : parts.length === 1 ? parts[0]! : { op: "and", filters: parts };
}

interface State {
  nodes: number;
}

function refuse(path: string, message: string): never {
  throw new HybridRAGError("invalid_filter", `The filter is wrong at ${path || "/"}: ${message}`, {
    details: { path: path || "/" },
  });
}

const child = (path: string, key: string | number): string =>
  `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 80)}`;

function entriesOf(input: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    refuse(path, 'an object is expected, such as {"metadata.category": "x"}.');
  }
  const prototype: unknown = Object.getPrototypeOf(input);
  if (prototype !== Object.prototype && prototype !== null) refuse(path, "a plain JSON object is expected.");
  return Object.entries(input);
}

function count(state: State, path: string, depth: number): void {
  state.nodes += 1;
  if (state.nodes > limits.nodes) refuse(path, `more than ${limits.nodes} conditions.`);
  if (depth > limits.depth) refuse(path, `nested deeper than ${limits.depth} levels.`);
}

function parseObject(input: unknown, path: string, depth: number, state: State): readonly Filter[] {
  count(state, path, depth);
  return entriesOf(input, path).flatMap(([key, value]) => {
    const at = child(path, key);
    if (key.startsWith("$")) return [parseLogical(key, value, at, depth, state)];
    return parseField(checkedField(key, at), value, at, depth, state);
  });
}

function parseLogical(key: string, value: unknown, path: string, depth: number, state: State): Filter {
  if (key !== "$and" && key !== "$or" && key !== "$nor") {
    refuse(path, `${key.slice(0, 40)} is not part of the filter language; $and, $or, $nor and fields are.`);
  }
  if (!Array.isArray(value) || value.length === 0) refuse(path, `${key} takes a list of at least one filter.`);
  const filters = value.map((part: unknown, index): Filter => {
    const parts = parseObject(part, child(path, index), depth + 1, state);
    if (parts.length === 0)
      refuse(child(path, index), "an empty filter inside a list matches everything; leave it out.");
    return parts.length === 1 ? parts[0]! : { op: "and", filters: parts };
  });
  if (key === "$nor") return { op: "not", filter: { op: "or", filters } };
  return { op: key === "$and" ? "and" : "or", filters };
}

function checkedField(key: string, path: string): string {
  if (key === "tenant_id" || reserved.has(key) || [...reserved].some((name) => key.startsWith(`${name}.`))) {
    refuse(path, "the tenant and the access list come from the credential, not from a filter.");
  }
  if (/(^|\.)(__proto__|constructor|prototype)(\.|$)/.test(key)) refuse(path, "this field name is not allowed.");
  if (fieldPattern.test(key)) return key;
  const hint = /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key) ? ` Did you mean "metadata.${key.slice(0, 60)}"?` : "";
  return refuse(path, `a field is document_id or metadata.NAME.${hint}`);
}

function parseField(field: string, value: unknown, path: string, depth: number, state: State): readonly Filter[] {
  count(state, path, depth);
  if (typeof value !== "object" || value === null) return [{ op: "eq", field, value: scalar(value, path) }];
  if (Array.isArray(value)) refuse(path, 'a list is not a condition; write {"$in": […]}.');
  const entries = entriesOf(value, path);
  if (entries.length === 0) refuse(path, "an empty condition.");
  const keys = entries.map(([key]) => key);
  if (keys.includes("$near")) return [parseNear(field, Object.fromEntries(entries), path)];
  return entries.map(([operator, operand]) =>
    parseOperator(field, operator, operand, child(path, operator), depth, state),
  );
}

function parseOperator(
  field: string,
  operator: string,
  operand: unknown,
  path: string,
  depth: number,
  state: State,
): Filter {
  switch (operator) {
    case "$eq":
    case "$ne":
      return { op: operator === "$eq" ? "eq" : "ne", field, value: scalar(operand, path) };
    case "$in":
    case "$nin":
      return { op: operator === "$in" ? "in" : "nin", field, values: scalars(operand, path) };
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return { op: operator.slice(1) as "gt", field, value: ordered(operand, path) };
    case "$exists":
      if (typeof operand !== "boolean") refuse(path, "$exists takes true or false.");
      return { op: "exists", field, exists: operand };
    case "$not": {
      if (typeof operand !== "object" || operand === null) refuse(path, '$not takes a condition, such as {"$gt": 5}.');
      const parts = parseField(field, operand, path, depth + 1, state);
      return { op: "not", filter: parts.length === 1 ? parts[0]! : { op: "and", filters: parts } };
    }
    case "$geoWithin":
      return { op: "geoWithin", field, shape: parseShape(operand, path) };
    default:
      return refuse(
        path,
        `${operator.slice(0, 40)} is not part of the filter language; ` +
          "$eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $not, $geoWithin and $near are.",
      );
  }
}

function scalar(value: unknown, path: string): FilterScalar {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return finite(value, path);
  if (typeof value === "string") return text(value, path);
  return refuse(path, "a text, number, true, false or null is expected.");
}

function ordered(value: unknown, path: string): string | number {
  if (typeof value === "number") return finite(value, path);
  if (typeof value === "string") return text(value, path);
  return refuse(path, "an ordering compares numbers, dates or text.");
}

const text = (value: string, path: string): string =>
  value.length <= limits.text ? value : refuse(path, `text over ${limits.text} characters.`);

const finite = (value: unknown, path: string): number =>
  typeof value === "number" && Number.isFinite(value) ? value : refuse(path, "a finite number is expected.");

function scalars(value: unknown, path: string): readonly FilterScalar[] {
  if (!Array.isArray(value) || value.length === 0) refuse(path, "a list of at least one value is expected.");
  if (value.length > limits.values) refuse(path, `more than ${limits.values} values.`);
  return value.map((element: unknown, index) => scalar(element, child(path, index)));
}

/** `{$near: {$geometry: Point, $maxDistance: metres, $minDistance?: metres}}`, the distances inside or beside it. */
function parseNear(field: string, condition: Readonly<Record<string, unknown>>, path: string): Filter {
  const at = child(path, "$near");
  const { $near: near, ...beside } = condition;
  const inner = Object.fromEntries(entriesOf(near, at));
  const { $geometry: geometry, $maxDistance, $minDistance, ...rest } = { ...inner, ...beside };
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) refuse(child(at, unknown), "$near takes $geometry, $maxDistance and $minDistance.");
  if (geometry === undefined)
    refuse(at, '$near takes {"$geometry": {"type": "Point", "coordinates": [longitude, latitude]}}.');
  if ($maxDistance === undefined) refuse(at, "$near needs $maxDistance in metres: as a filter it must end somewhere.");
  const minMeters = $minDistance === undefined ? 0 : distance($minDistance, child(at, "$minDistance"));
  const maxMeters = distance($maxDistance, child(at, "$maxDistance"));
  return { op: "near", field, center: point(geometry, child(at, "$geometry")), minMeters, maxMeters };
}

const distance = (value: unknown, path: string): number => {
  const meters = finite(value, path);
  return meters >= 0 ? meters : refuse(path, "a distance is not negative.");
};

function parseShape(operand: unknown, path: string): Shape {
  const entries = entriesOf(operand, path);
  const [key, value] =
    entries[0] ?? refuse(path, "a shape is expected: $centerSphere, $box, $geometry, circle or box.");
  if (entries.length > 1) refuse(path, "exactly one shape is expected.");
  const at = child(path, key);
  switch (key) {
    case "$centerSphere": {
      const [center, angle] = tuple(value, 2, at);
      const meters = distance(angle, child(at, 1)) * earthRadiusMeters;
      return { kind: "circle", center: position(center, child(at, 0)), meters };
    }
    case "circle": {
      const { center, radius } = named(value, ["center", "radius"], at);
      return {
        kind: "circle",
        center: point(center, child(at, "center")),
        meters: distance(radius, child(at, "radius")),
      };
    }
    case "$box": {
      const [low, high] = tuple(value, 2, at);
      return box(position(low, child(at, 0)), position(high, child(at, 1)), at);
    }
    case "box": {
      const { bottomLeft, topRight } = named(value, ["bottomLeft", "topRight"], at);
      return box(point(bottomLeft, child(at, "bottomLeft")), point(topRight, child(at, "topRight")), at);
    }
    case "$geometry":
    case "geometry": {
      const { type, coordinates } = named(value, ["type", "coordinates"], at);
      if (type !== "Polygon") refuse(child(at, "type"), "a Polygon is expected.");
      return polygon(coordinates, child(at, "coordinates"));
    }
    default:
      return refuse(at, "a shape is $centerSphere, $box, $geometry, circle or box.");
  }
}

function named<K extends string>(value: unknown, names: readonly K[], path: string): Record<K, unknown> {
  const entries = entriesOf(value, path);
  const stranger = entries.find(([key]) => !(names as readonly string[]).includes(key));
  if (stranger) refuse(child(path, stranger[0]), `${names.join(" and ")} are expected.`);
  return Object.fromEntries(entries) as Record<K, unknown>;
}

function tuple(value: unknown, length: number, path: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) refuse(path, `a list of ${length} is expected.`);
  return value;
}

function position(value: unknown, path: string): Position {
  const [longitude, latitude] = tuple(value, 2, path);
  const result = { longitude: finite(longitude, child(path, 0)), latitude: finite(latitude, child(path, 1)) };
  return isPosition(result) ? result : refuse(path, "longitude −180 to 180 comes first, then latitude −90 to 90.");
}

function point(value: unknown, path: string): Position {
  const { type, coordinates } = named(value, ["type", "coordinates"], path);
  if (type !== "Point") refuse(child(path, "type"), "a Point is expected.");
  return position(coordinates, child(path, "coordinates"));
}

function box(low: Position, high: Position, path: string): Shape {
  if (low.latitude > high.latitude) refuse(path, "the lower left corner comes first.");
  return { kind: "box", west: low.longitude, south: low.latitude, east: high.longitude, north: high.latitude };
}

function polygon(value: unknown, path: string): Shape {
  if (!Array.isArray(value) || value.length === 0) refuse(path, "a list of rings is expected.");
  const rings = value.map((ring: unknown, index) => parseRing(ring, child(path, index)));
  if (rings.reduce((sum, ring) => sum + ring.length, 0) > limits.vertices)
    refuse(path, `more than ${limits.vertices} vertices.`);
  return { kind: "polygon", rings };
}

function parseRing(value: unknown, path: string): readonly Position[] {
  if (!Array.isArray(value) || value.length < 4)
    refuse(path, "a ring has at least four positions, the last equal to the first.");
  const ring = value.map((vertex: unknown, index) => position(vertex, child(path, index)));
  const [first, last] = [ring[0]!, ring[ring.length - 1]!];
  if (first.longitude !== last.longitude || first.latitude !== last.latitude)
    refuse(path, "a ring ends where it begins.");
  ring.slice(1).forEach((vertex, index) => {
    if (Math.abs(vertex.longitude - ring[index]!.longitude) > 180) {
      refuse(child(path, index + 1), "an edge spans more than 180 degrees; split the polygon at the antimeridian.");
    }
  });
  return ring;
}
