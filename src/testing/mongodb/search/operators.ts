import { distanceMeters, isWithin } from "../../../filter/geo.ts";
import type { Position, Shape } from "../../../filter/filter.ts";
import { compareText, positionOf } from "../../../filter/matches.ts";
import { notImplemented } from "../fault.ts";
import { asDoc, asNumber, asText, isDoc, type Doc } from "../value.ts";
import { comparable, type IndexedValue, type ValueField } from "./field-data.ts";
import { fail, only, pathsOf, warnIfDotted, type Evaluation, type Scores } from "./clause.ts";
import { scorePhrase, scoreText } from "./text-operators.ts";

type Operator = (body: Doc, evaluation: Evaluation) => Scores;

const refused = [
  "autocomplete",
  "embeddedDocument",
  "geoShape",
  "hasAncestor",
  "hasRoot",
  "moreLikeThis",
  "queryString",
  "regex",
  "wildcard",
  "knnBeta",
  "search",
  "span",
  "term",
];

const operators: Readonly<Record<string, Operator>> = {
  compound,
  text: (body, evaluation) => scoreText(body, evaluation),
  phrase: (body, evaluation) => scorePhrase(body, evaluation),
  exists: existing,
  equals: (body, evaluation) => {
    only(body, ["path", "value", "score", "doesNotAffect"], "equals");
    return matchingValues(body, evaluation, [body["value"]]);
  },
  in: (body, evaluation) => {
    only(body, ["path", "value", "score", "doesNotAffect"], "in");
    const values = Array.isArray(body["value"]) ? body["value"] : [body["value"]];
    const kinds = new Set(values.map((value) => comparable(value)?.kind));
    if (kinds.size !== 1 || kinds.has("null")) fail("in.value", "must be a list of values of one type, without null");
    return matchingValues(body, evaluation, values);
  },
  range,
  near,
  geoWithin,
};

export const operatorNames = [...Object.keys(operators), ...refused, "vectorSearch"];

/** Evaluates one clause `{operator: body}`. */
export function evaluate(clause: Doc, evaluation: Evaluation): Scores {
  const names = Object.keys(clause);
  if (names.length !== 1) fail(names.join(","), "exactly one operator is expected");
  const name = names[0]!;
  const operator = operators[name];
  if (!operator) {
    if (refused.includes(name)) throw notImplemented(`the search operator ${name}`);
    if (name === "vectorSearch") fail("vectorSearch", "must be at the top level of $search");
    fail(name, "unrecognized field");
  }
  const body = asDoc(clause[name]);
  return rescored(operator(body, evaluation), body["score"]);
}

function rescored(scores: Scores, option: unknown): Scores {
  if (option === undefined) return scores;
  const [kind, body] = Object.entries(asDoc(option))[0] ?? ["", null];
  const value = asNumber(asDoc(body)["value"], Number.NaN);
  if (kind === "constant") return new Map([...scores].map(([id]) => [id, value]));
  if (kind === "boost" && asDoc(body)["path"] === undefined)
    return new Map([...scores].map(([id, score]) => [id, score * value]));
  throw notImplemented(`the score option ${kind}`);
}

function valueFields(body: Doc, evaluation: Evaluation, types?: readonly string[]): readonly ValueField[] {
  return pathsOf(body).flatMap(({ path }) => {
    const found = evaluation.index.values.filter(
      ({ field }) => field.path === path && (types === undefined || types.includes(field.type)),
    );
    if (found.length === 0) evaluation.silence(`path ${path} is not mapped for this operator`);
    return warnIfDotted(found, evaluation);
  });
}

function matchingValues(body: Doc, evaluation: Evaluation, wanted: readonly unknown[]): Scores {
  const values = wanted.map((value) => comparable(value) ?? fail("value", "is of a type that cannot be searched"));
  const fields = valueFields(body, evaluation);
  for (const value of values) {
    const type = value.kind === "string" ? "token" : value.kind;
    if (fields.length > 0 && type !== "null" && !fields.some(({ field }) => field.type === type))
      evaluation.silence(`path ${fields[0]!.field.path} is not mapped as ${type}`);
  }
  const keys = new Set(values.map((value) => `${value.kind}:${String(value.value)}`));
  return matchValues(fields, (value) => keys.has(`${value.kind}:${String(value.value)}`));
}

function matchValues(fields: readonly ValueField[], test: (value: IndexedValue) => boolean): Scores {
  const scores: Scores = new Map();
  for (const { values } of fields) for (const [id, list] of values) if (list.some(test)) scores.set(id, 1);
  return scores;
}

function existing(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["path", "score"], "exists");
  const scores: Scores = new Map();
  for (const { path } of pathsOf(body)) {
    const { index } = evaluation;
    let mapped = false;
    for (const text of index.texts.filter(({ field }) => field.path === path && field.multi === null)) {
      mapped = true;
      for (const id of text.lengths.keys()) scores.set(id, 1);
    }
    for (const values of index.values.filter(({ field }) => field.path === path)) {
      mapped = true;
      for (const id of values.values.keys()) scores.set(id, 1);
    }
    if (!mapped) evaluation.silence(`path ${path} is not mapped`);
  }
  return scores;
}

const comparePart = (a: IndexedValue, b: IndexedValue): number =>
  typeof a.value === "string" && typeof b.value === "string"
    ? compareText(a.value, b.value)
    : Number(a.value) - Number(b.value);

function range(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["path", "gt", "gte", "lt", "lte", "score", "doesNotAffect"], "range");
  const bounds = (["gt", "gte", "lt", "lte"] as const).filter((name) => body[name] !== undefined);
  const lower = bounds.filter((name) => name.startsWith("g")).length;
  if (bounds.length === 0 || lower > 1 || bounds.length - lower > 1)
    fail("range", "needs one of gt, gte and/or one of lt, lte");
  const limits = bounds.map((name) => ({
    name,
    limit: comparable(body[name]) ?? fail(`range.${name}`, "is of a type that cannot be compared"),
  }));
  const { kind } = limits[0]!.limit;
  if (limits.some(({ limit }) => limit.kind !== kind)) fail("range", "bounds must be of one type");
  const type = kind === "string" ? "token" : kind;
  return matchValues(valueFields(body, evaluation, [type]), (value) => {
    if (value.kind !== kind) return false;
    return limits.every(({ name, limit }) => {
      const order = comparePart(value, limit);
      return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[name];
    });
  });
}

function near(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["path", "origin", "pivot", "score"], "near");
  const pivot = asNumber(body["pivot"], Number.NaN);
  if (!(pivot > 0)) fail("near.pivot", "must be positive");
  const origin = body["origin"];
  const point = isDoc(origin) ? positionOf(origin) : null;
  const kind = point ? "geo" : origin instanceof Date ? "date" : typeof origin === "number" ? "number" : null;
  if (kind === null) return fail("near.origin", "must be a number, a date or a Point");
  const center = origin instanceof Date ? origin.getTime() : Number(origin);
  const scores: Scores = new Map();
  for (const { values } of valueFields(body, evaluation, [kind])) {
    for (const [id, list] of values) {
      const distances = list.map(({ value }) =>
        point ? distanceMeters(value as Position, point) : Math.abs(Number(value) - center),
      );
      scores.set(id, pivot / (pivot + Math.min(...distances)));
    }
  }
  return scores;
}

function geoWithin(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["path", "circle", "box", "geometry", "score"], "geoWithin");
  const shapes = ["circle", "box", "geometry"].filter((name) => body[name] !== undefined);
  if (shapes.length !== 1) fail("geoWithin", "exactly one of circle, box, geometry is expected");
  const shape = shapeOf(shapes[0]!, asDoc(body[shapes[0]!]));
  return matchValues(valueFields(body, evaluation, ["geo"]), ({ kind, value }) =>
    kind === "point" ? isWithin(value as Position, shape) : false,
  );
}

const pointAt = (value: unknown, at: string): Position => positionOf(value) ?? fail(at, "must be a Point");

function shapeOf(kind: string, body: Doc): Shape {
  if (kind === "circle") {
    const meters = asNumber(body["radius"], -1);
    if (meters < 0) fail("circle.radius", "must be a distance in metres");
    return { kind: "circle", center: pointAt(body["center"], "circle.center"), meters };
  }
  if (kind === "box") {
    const low = pointAt(body["bottomLeft"], "box.bottomLeft");
    const high = pointAt(body["topRight"], "box.topRight");
    return { kind: "box", west: low.longitude, south: low.latitude, east: high.longitude, north: high.latitude };
  }
  if (body["type"] !== "Polygon") throw notImplemented(`geometry of type ${asText(body["type"])}`);
  const rings = (Array.isArray(body["coordinates"]) ? body["coordinates"] : []) as readonly (readonly [
    number,
    number,
  ][])[];
  return {
    kind: "polygon",
    rings: rings.map((ring) => ring.map(([longitude, latitude]) => ({ longitude, latitude }))),
  };
}

const clausesOf = (value: unknown): readonly Doc[] =>
  value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(asDoc);

function compound(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["must", "mustNot", "should", "filter", "minimumShouldMatch", "score"], "compound");
  const [must, mustNot, should, filter] = (["must", "mustNot", "should", "filter"] as const).map((name) =>
    clausesOf(body[name]),
  ) as [Doc[], Doc[], Doc[], Doc[]];
  if (must.length + mustNot.length + should.length + filter.length === 0)
    fail("compound", "must have at least one clause");
  const minimum = asNumber(body["minimumShouldMatch"], must.length + filter.length > 0 || should.length === 0 ? 0 : 1);
  if (body["minimumShouldMatch"] !== undefined && minimum > should.length)
    fail("compound.minimumShouldMatch", "cannot be greater than the number of should clauses");
  const required = [...must, ...filter].map((clause) => evaluate(clause, evaluation));
  const excluded = mustNot.map((clause) => evaluate(clause, evaluation));
  const optional = should.map((clause) => evaluate(clause, evaluation));
  const scores: Scores = new Map();
  const base =
    required.length > 0 ? smallest(required).keys() : minimum > 0 ? union(optional) : evaluation.index.documents.keys();
  for (const id of base) {
    if (!required.every((found) => found.has(id)) || excluded.some((found) => found.has(id))) continue;
    const matched = optional.filter((found) => found.has(id));
    if (matched.length < minimum) continue;
    const scored = [...required.slice(0, must.length), ...matched];
    scores.set(
      id,
      scored.reduce((sum, found) => sum + found.get(id)!, 0),
    );
  }
  return scores;
}

const smallest = (sets: readonly Scores[]): Scores => sets.reduce((best, set) => (set.size < best.size ? set : best));

const union = (sets: readonly Scores[]): ReadonlySet<string> => new Set(sets.flatMap((set) => [...set.keys()]));
