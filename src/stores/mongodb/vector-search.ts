import { Binary } from "mongodb";
import { allowKeys, isBody, refusePipeline, requirePath, type Body, type IndexShape } from "./check-pipeline.ts";
import type { Clause } from "./native-filter.ts";

export interface VectorSearch {
  readonly vector: Float32Array;
  readonly limit: number;
  readonly filter: Clause;
  /** Documents that the filter lets through; few are searched exactly. Null when it is not known. */
  readonly allowed: number | null;
  readonly numCandidates?: number;
}

/** Below this many allowed documents the search is exact: MongoDB's own advice. */
const exactBelow = 10_000;
export const maxCandidates = 10_000;

/** At least twenty times the limit, and never below a hundred: fewer lose recall, more so as a collection grows. */
const candidatesFor = (limit: number): number => Math.min(maxCandidates, Math.max(100, 20 * limit));

/** `$vectorSearch` with the filter inside; checked against the index before it is returned. */
export function vectorSearchStage(search: VectorSearch, shape: IndexShape): Body {
  const exact = search.allowed !== null && search.allowed <= exactBelow;
  const limit = Math.min(search.limit, maxCandidates);
  const stage = {
    $vectorSearch: {
      index: shape.name,
      path: shape.vectorPath,
      queryVector: Binary.fromFloat32Array(search.vector),
      ...(exact
        ? { exact: true }
        : { numCandidates: Math.min(maxCandidates, Math.max(limit, search.numCandidates ?? candidatesFor(limit))) }),
      limit,
      filter: search.filter,
    },
  };
  checkVectorSearch(stage.$vectorSearch, shape);
  return stage;
}

const options = ["index", "path", "queryVector", "numCandidates", "limit", "exact", "filter", "searchNodePreference"];

/** mongot's rules for the stage. */
export function checkVectorSearch(body: Body, shape: IndexShape): void {
  allowKeys(body, options, "$vectorSearch");
  if (body["index"] !== shape.name)
    refusePipeline("$vectorSearch.index", `the index is called ${shape.name}; another name finds nothing.`);
  requirePath(shape, String(body["path"]), ["vector"], "$vectorSearch.path");
  checkQueryVector(body["queryVector"], shape.dimensions);
  const limit = body["limit"];
  if (!Number.isInteger(limit) || Number(limit) < 1) refusePipeline("$vectorSearch.limit", "a positive whole number.");
  const candidates = body["numCandidates"];
  if (body["exact"] === true) {
    if (candidates !== undefined) refusePipeline("$vectorSearch.numCandidates", "exact search takes none.");
  } else if (
    !Number.isInteger(candidates) ||
    Number(candidates) < Number(limit) ||
    Number(candidates) > maxCandidates
  ) {
    refusePipeline("$vectorSearch.numCandidates", `from the limit to ${maxCandidates} is expected.`);
  }
  if (body["filter"] !== undefined) checkVectorFilter(body["filter"], shape, "$vectorSearch.filter");
}

export function checkQueryVector(value: unknown, dimensions: number, at = "$vectorSearch.queryVector"): void {
  const numbers = value instanceof Binary ? value.toFloat32Array() : Array.isArray(value) ? value : [];
  if (numbers.length !== dimensions)
    refusePipeline(at, `${dimensions} dimensions are expected, not ${numbers.length}.`);
  const list: readonly number[] = [...numbers];
  if (!list.every((x) => Number.isFinite(x)) || list.every((x) => x === 0))
    refusePipeline(at, "finite numbers, not all zero, are expected.");
}

const comparisons = new Set(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$not"]);

function checkVectorFilter(filter: unknown, shape: IndexShape, at: string): void {
  if (!isBody(filter)) refusePipeline(at, "an object is expected.");
  for (const [name, condition] of Object.entries(filter)) {
    if (name === "$and" || name === "$or" || name === "$nor") {
      if (!Array.isArray(condition) || condition.length === 0) refusePipeline(`${at}.${name}`, "a list is expected.");
      condition.forEach((part: unknown) => checkVectorFilter(part, shape, `${at}.${name}`));
    } else if (name.startsWith("$")) {
      refusePipeline(`${at}.${name}`, "mongot's filters have no such operator.");
    } else {
      requirePath(shape, name, ["filter"], `${at}.${name}`);
      checkCondition(condition, `${at}.${name}`);
    }
  }
}

function checkCondition(condition: unknown, at: string): void {
  if (!isBody(condition)) {
    checkValue(condition, at);
    return;
  }
  for (const [operator, operand] of Object.entries(condition)) {
    if (!comparisons.has(operator)) refusePipeline(`${at}.${operator}`, "mongot's filters have no such operator.");
    if (operator === "$not") checkCondition(operand, `${at}.$not`);
    else if (operator === "$in" || operator === "$nin") checkValues(operand, `${at}.${operator}`);
    else if (operator !== "$exists") checkValue(operand, `${at}.${operator}`);
  }
}

function checkValues(values: unknown, at: string): void {
  if (!Array.isArray(values) || values.length === 0) refusePipeline(at, "a list of at least one value is expected.");
  const kinds = new Set(values.map((value: unknown) => (value instanceof Date ? "date" : typeof value)));
  if (kinds.size > 1 || values.includes(null)) refusePipeline(at, "values of one type, without null, are expected.");
  values.forEach((value: unknown) => checkValue(value, at));
}

function checkValue(value: unknown, at: string): void {
  const isScalar = value === null || ["string", "boolean"].includes(typeof value) || value instanceof Date;
  if (!isScalar && !(typeof value === "number" && Number.isFinite(value)))
    refusePipeline(at, "a text, number, date, true, false or null is expected.");
}
