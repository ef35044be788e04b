import { compareText } from "../../../filter/matches.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { asDoc, asNumber, asText, isDoc, type Doc } from "../value.ts";
import { comparable, similarityScore, vectorOf, type IndexedValue } from "./field-data.ts";
import { fail, only } from "./clause.ts";
import type { SearchIndexData } from "./search-index.ts";

export interface VectorQuery {
  readonly path: string;
  readonly vector: Float32Array;
  readonly limit: number;
}

const stageFields = [
  "index",
  "path",
  "queryVector",
  "query",
  "model",
  "numCandidates",
  "limit",
  "exact",
  "filter",
  "parentFilter",
  "nestedOptions",
  "explainOptions",
  "returnStoredSource",
  "searchNodePreference",
];

/** Checks what the stage and the operator have in common. */
export function parseVectorQuery(body: Doc): VectorQuery {
  only(body, stageFields, "vectorSearch");
  for (const name of ["query", "model", "parentFilter", "nestedOptions", "explainOptions"])
    if (body[name] !== undefined) throw notImplemented(`${name} of a vector search`);
  const path = asText(body["path"]) || fail("path", "is required");
  const vector =
    vectorOf(body["queryVector"]) ?? fail("queryVector", "must be a list of finite numbers or a binary vector");
  const limit = asNumber(body["limit"], 0);
  if (!Number.isInteger(limit) || limit < 1) fail("limit", "must be a positive integer");
  const candidates = body["numCandidates"];
  const exact = body["exact"] === true;
  if (exact && candidates !== undefined) fail("numCandidates", "must not be given when exact is true");
  if (!exact) {
    const count = candidates === undefined ? fail("numCandidates", "is required") : asNumber(candidates, 0);
    if (!(count >= 1 && count <= 10_000)) fail("numCandidates", "must be within bounds [1, 10000]");
    if (count < limit) fail("numCandidates", "must be greater than or equal to limit");
  }
  return { path, vector, limit };
}

/** The nearest documents among those allowed (null: all), best first. */
export function nearest(
  index: SearchIndexData,
  query: VectorQuery,
  allowed: ReadonlySet<string> | null,
): readonly (readonly [id: string, score: number])[] {
  const field = index.vectors.find((candidate) => candidate.field.path === query.path);
  if (!field) fail(query.path, "needs to be indexed as vector");
  const { numDimensions, similarity } = field.field.options;
  if (query.vector.length !== numDimensions)
    throw new ServerError(
      "BadValue",
      `vector field is indexed with ${String(numDimensions)} dimensions but queried with ${query.vector.length}`,
    );
  if (similarity === "cosine" && query.vector.every((value) => value === 0))
    throw new ServerError("BadValue", "Cosine similarity cannot be calculated against a zero vector.");
  const scored: (readonly [string, number])[] = [];
  for (const [id, vector] of field.vectors) {
    if (allowed !== null && !allowed.has(id)) continue;
    scored.push([id, similarityScore(similarity, query.vector, vector)]);
  }
  return scored.sort((a, b) => b[1] - a[1]).slice(0, query.limit);
}

type Test = (id: string) => boolean;

/** The filter of `$vectorSearch`: a small part of the query language over paths indexed as `filter`. */
export function filterTest(filter: Doc, index: SearchIndexData): Test {
  const parts = Object.entries(filter).map(([name, condition]): Test => {
    if (name === "$and" || name === "$or" || name === "$nor") return logical(name, condition, index);
    if (name.startsWith("$")) fail(`filter.${name}`, "is not supported");
    return fieldTest(name, condition, index);
  });
  return (id) => parts.every((part) => part(id));
}

function logical(name: string, condition: unknown, index: SearchIndexData): Test {
  if (!Array.isArray(condition) || condition.length === 0) fail(`filter.${name}`, "must be a non-empty list");
  const tests = (condition as unknown[]).map((part) => filterTest(asDoc(part), index));
  if (name === "$and") return (id) => tests.every((test) => test(id));
  const any: Test = (id) => tests.some((test) => test(id));
  return name === "$or" ? any : (id) => !any(id);
}

function fieldTest(path: string, condition: unknown, index: SearchIndexData): Test {
  const field = index.values.find((candidate) => candidate.field.path === path && candidate.field.type === "filter");
  if (!field) return fail(path, "needs to be indexed as filter");
  const valuesOf = (id: string): readonly IndexedValue[] => field.values.get(id) ?? [];
  const operators = isDoc(condition) ? condition : { $eq: condition };
  const tests = Object.entries(operators).map(([operator, operand]) =>
    operatorTest(path, operator, operand, valuesOf, index),
  );
  return (id) => tests.every((test) => test(id));
}

function operatorTest(
  path: string,
  operator: string,
  operand: unknown,
  valuesOf: (id: string) => readonly IndexedValue[],
  index: SearchIndexData,
): Test {
  const at = `filter.${path}.${operator}`;
  const one = (value: unknown): IndexedValue => comparable(value) ?? fail(at, "is of a type that cannot be filtered");
  switch (operator) {
    case "$eq":
    case "$ne":
      return negated(operator === "$ne", equalTo([one(operand)], valuesOf));
    case "$in":
    case "$nin": {
      if (!Array.isArray(operand) || operand.length === 0) fail(at, "must be a non-empty list");
      const values = (operand as unknown[]).map(one);
      if (new Set(values.map((value) => value.kind)).size > 1 || values[0]!.kind === "null")
        fail(at, "must hold values of one type, without null");
      return negated(operator === "$nin", equalTo(values, valuesOf));
    }
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte": {
      const limit = one(operand);
      return (id) => valuesOf(id).some((value) => value.kind === limit.kind && isBeyond(operator, value, limit));
    }
    case "$exists":
      return (id) => valuesOf(id).length > 0 === Boolean(operand);
    case "$not":
      return negated(true, fieldTest(path, operand, index));
    default:
      return fail(at, "is not supported in a filter");
  }
}

const negated = (not: boolean, test: Test): Test => (not ? (id) => !test(id) : test);

/** `$eq: null` matches what is null or absent. */
const equalTo =
  (wanted: readonly IndexedValue[], valuesOf: (id: string) => readonly IndexedValue[]): Test =>
  (id) => {
    const values = valuesOf(id);
    return wanted.some(({ kind, value }) =>
      kind === "null" && values.length === 0 ? true : values.some((own) => own.kind === kind && own.value === value),
    );
  };

function isBeyond(operator: string, value: IndexedValue, limit: IndexedValue): boolean {
  const order =
    typeof value.value === "string" && typeof limit.value === "string"
      ? compareText(value.value, limit.value)
      : Number(value.value) - Number(limit.value);
  if (operator === "$gt") return order > 0;
  if (operator === "$gte") return order >= 0;
  return operator === "$lt" ? order < 0 : order <= 0;
}
