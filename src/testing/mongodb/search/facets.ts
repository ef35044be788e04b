import { asDoc, asNumber, asText, type Doc } from "../value.ts";
import { fail, only, warnIfDotted, type Evaluation, type Scores } from "./clause.ts";
import { comparable, type ValueField } from "./field-data.ts";

/** Buckets of the `facet` collector, over the documents that its operator found. */
export function facetsOf(body: Doc, found: Scores, evaluation: Evaluation): Doc {
  only(body, ["operator", "facets"], "facet");
  const facets = Object.entries(asDoc(body["facets"]));
  if (facets.length === 0) fail("facet.facets", "cannot be empty");
  return Object.fromEntries(
    facets.map(([name, spec]) => [name, { buckets: bucketsOf(name, asDoc(spec), found, evaluation) }]),
  );
}

function bucketsOf(name: string, spec: Doc, found: Scores, evaluation: Evaluation): readonly Doc[] {
  const at = `facet.facets.${name}`;
  const path = asText(spec["path"]) || fail(`${at}.path`, "is required");
  const type = asText(spec["type"]);
  const fields = evaluation.index.values.filter(({ field }) => field.path === path);
  if (type === "string") {
    only(spec, ["type", "path", "numBuckets"], at);
    const limit = spec["numBuckets"] === undefined ? 10 : asNumber(spec["numBuckets"], 0);
    if (!(limit >= 1 && limit <= 1000)) fail(`${at}.numBuckets`, "must be between 1 and 1000");
    return byValue(usable(fields, "token", path, evaluation), found, limit);
  }
  if (type !== "number" && type !== "date") return fail(`${at}.type`, "must be string, number or date");
  only(spec, ["type", "path", "boundaries", "default"], at);
  return byRange(spec, at, usable(fields, type, path, evaluation), found);
}

function usable(
  fields: readonly ValueField[],
  type: string,
  path: string,
  evaluation: Evaluation,
): readonly ValueField[] {
  const found = fields.filter(({ field }) => field.type === type);
  if (found.length === 0) evaluation.silence(`path ${path} is not mapped as ${type}`);
  return warnIfDotted(found, evaluation);
}

function byValue(fields: readonly ValueField[], found: Scores, limit: number): readonly Doc[] {
  const counts = new Map<string, number>();
  for (const field of fields) {
    for (const id of found.keys()) {
      for (const value of new Set((field.values.get(id) ?? []).map((one) => String(one.value))))
        counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  return [...counts]
    .toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, limit)
    .map(([_id, count]) => ({ _id, count }));
}

/** From each boundary up to the next; what is outside them goes to `default`, where there is one. */
function byRange(spec: Doc, at: string, fields: readonly ValueField[], found: Scores): readonly Doc[] {
  const boundaries: readonly unknown[] = Array.isArray(spec["boundaries"]) ? spec["boundaries"] : [];
  const edges = boundaries.map((edge) => Number(comparable(edge)?.value));
  const isAscending = edges.every((edge, index) => index === 0 || edge > edges[index - 1]!);
  if (edges.length < 2 || edges.length > 1000 || !isAscending)
    fail(`${at}.boundaries`, "must be 2 to 1000 values in strictly ascending order");
  const counts = edges.slice(1).map(() => 0);
  let outside = 0;
  for (const field of fields) {
    for (const id of found.keys()) {
      for (const { value } of field.values.get(id) ?? []) {
        const place = edges.findLastIndex((edge) => Number(value) >= edge);
        if (place === -1 || place === edges.length - 1) outside += 1;
        else counts[place]! += 1;
      }
    }
  }
  const rest = spec["default"] === undefined ? [] : [{ _id: spec["default"], count: outside }];
  return [...counts.map((count, index) => ({ _id: boundaries[index], count })), ...rest];
}
