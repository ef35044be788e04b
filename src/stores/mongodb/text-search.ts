import { allowKeys, isBody, refusePipeline, requirePath, type Body, type IndexShape } from "./check-pipeline.ts";
import type { Clause } from "./native-filter.ts";

export interface TextSearch {
  /** Terms as our analyser makes them; any of them may match. */
  readonly terms: readonly string[];
  readonly filter: readonly Clause[];
  /** Groups of terms of which each must be there: what a phrase needs at least. */
  readonly required?: readonly (readonly string[])[];
}

/** Lucene's limit on the clauses of one query. */
export const maxClauses = 1024;

/** What a title adds to a hit: `fusion.md` fitted it. */
const titleBoost = 0.2;

/** `$search` over the analysed words of body and title, with every filter inside and all matches counted. */
export function textSearchStage(search: TextSearch, shape: IndexShape): Body {
  const query = search.terms.slice(0, maxClauses / 2 - 8).join(" ");
  const body = {
    index: shape.name,
    compound: {
      must: [{ text: { query, path: "terms.body" } }],
      should: [{ text: { query, path: "terms.title", score: { boost: { value: titleBoost } } } }],
      filter: [
        ...search.filter,
        ...(search.required ?? []).map((terms) => ({
          text: { query: terms.join(" "), path: "terms.body", matchCriteria: "all" },
        })),
      ],
    },
    count: { type: "total" },
  };
  checkTextSearch(body, shape);
  return { $search: body };
}

/** Chunks that hold a word near to this one: where the words to repair a typing error are looked for. */
export function nearWordsStage(word: string, filter: readonly Clause[], shape: IndexShape): Body {
  const fuzzy = { maxEdits: 1, prefixLength: 0, maxExpansions: 1000 };
  const body = {
    index: shape.name,
    compound: { must: [{ text: { query: word, path: "terms.words", fuzzy } }], filter: [...filter] },
  };
  checkTextSearch(body, shape);
  return { $search: body };
}

/** Which of these chunks search can see. */
export function seenStage(ids: readonly string[], shape: IndexShape): Body {
  const body = { index: shape.name, in: { path: "_id", value: ids }, count: { type: "total" } };
  checkTextSearch(body, shape);
  return { $search: body };
}

const options = new Set(["index", "count", "scoreDetails", "concurrent", "searchNodePreference"]);

/** mongot's rules for `$search`, for the operators that we build; a path that is not mapped is refused. */
export function checkTextSearch(body: Body, shape: IndexShape): void {
  const operators = Object.keys(body).filter((name) => !options.has(name));
  if (operators.length !== 1) refusePipeline("$search", "exactly one operator is expected.");
  if ((body["index"] ?? "default") !== shape.name)
    refusePipeline("$search.index", `the index is called ${shape.name}; another name finds nothing.`);
  const name = operators[0]!;
  checkClause({ [name]: body[name] }, shape, "$search");
  const clauses = countClauses(body);
  if (clauses > maxClauses) refusePipeline("$search", `${clauses} clauses; Lucene takes ${maxClauses}.`);
}

type Check = (body: Body, shape: IndexShape, at: string) => void;

const checks: Readonly<Record<string, Check>> = {
  text: (body, shape, at) => {
    allowKeys(body, ["query", "path", "fuzzy", "matchCriteria", "synonyms", "score"], at);
    checkQuery(body, shape, at);
    if (body["fuzzy"] !== undefined && body["synonyms"] !== undefined)
      refusePipeline(at, "fuzzy or synonyms, not both.");
    if (isBody(body["fuzzy"])) checkFuzzy(body["fuzzy"], `${at}.fuzzy`);
    if (!["any", "all", undefined].includes(body["matchCriteria"] as string | undefined))
      refusePipeline(`${at}.matchCriteria`, "any or all is expected.");
  },
  phrase: (body, shape, at) => {
    allowKeys(body, ["query", "path", "slop", "synonyms", "score"], at);
    checkQuery(body, shape, at);
    if (body["slop"] !== undefined && !(Number(body["slop"]) >= 0))
      refusePipeline(`${at}.slop`, "0 or more is expected.");
  },
  equals: (body, shape, at) => {
    allowKeys(body, ["path", "value", "score"], at);
    requirePath(shape, String(body["path"]), [indexType(body["value"], at)], at);
  },
  in: (body, shape, at) => {
    allowKeys(body, ["path", "value", "score"], at);
    const values = Array.isArray(body["value"]) ? (body["value"] as readonly unknown[]) : [];
    const types = new Set(values.map((value) => indexType(value, at)));
    if (types.size !== 1) refusePipeline(`${at}.value`, "a list of values of one type is expected.");
    requirePath(shape, String(body["path"]), [...types], at);
  },
  range: (body, shape, at) => {
    allowKeys(body, ["path", "gt", "gte", "lt", "lte", "score"], at);
    const lower = ["gt", "gte"].filter((name) => body[name] !== undefined);
    const upper = ["lt", "lte"].filter((name) => body[name] !== undefined);
    if (lower.length + upper.length === 0 || lower.length > 1 || upper.length > 1)
      refusePipeline(at, "one lower bound, one upper bound or both are expected.");
    const types = new Set([...lower, ...upper].map((name) => indexType(body[name], at)));
    if (types.size > 1) refusePipeline(at, "both bounds must be of one type.");
    requirePath(shape, String(body["path"]), [...types], at);
  },
  near: (body, shape, at) => {
    allowKeys(body, ["path", "origin", "pivot", "score"], at);
    if (!(Number(body["pivot"]) > 0)) refusePipeline(`${at}.pivot`, "a positive number is expected.");
    requirePath(shape, String(body["path"]), [isBody(body["origin"]) ? "geo" : indexType(body["origin"], at)], at);
  },
  geoWithin: (body, shape, at) => {
    allowKeys(body, ["path", "circle", "box", "geometry", "score"], at);
    const shapes = ["circle", "box", "geometry"].filter((name) => body[name] !== undefined);
    if (shapes.length !== 1) refusePipeline(at, "exactly one of circle, box and geometry is expected.");
    requirePath(shape, String(body["path"]), ["geo"], at);
  },
  exists: (body, shape, at) => {
    allowKeys(body, ["path", "score"], at);
    requirePath(shape, String(body["path"]), null, at);
  },
  compound: (body, shape, at) => {
    allowKeys(body, ["must", "mustNot", "should", "filter", "minimumShouldMatch", "score"], at);
    const clauses = (["must", "mustNot", "should", "filter"] as const).flatMap((name) =>
      listOf(body[name]).map((clause) => ({ name, clause })),
    );
    if (clauses.length === 0) refusePipeline(at, "at least one clause is expected.");
    const minimum = body["minimumShouldMatch"];
    const should = listOf(body["should"]).length;
    if (minimum !== undefined && (should === 0 || Number(minimum) > should))
      refusePipeline(`${at}.minimumShouldMatch`, `there are ${should} should clauses.`);
    for (const { name, clause } of clauses) checkClause(clause, shape, `${at}.${name}`);
  },
};

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value];

function checkClause(clause: unknown, shape: IndexShape, at: string): void {
  if (!isBody(clause) || Object.keys(clause).length !== 1) refusePipeline(at, "exactly one operator is expected.");
  const [name, body] = Object.entries(clause)[0]!;
  const check = checks[name];
  if (!check) return refusePipeline(`${at}.${name}`, "there is no such operator among those that we use.");
  if (!isBody(body)) return refusePipeline(`${at}.${name}`, "an object is expected.");
  check(body, shape, `${at}.${name}`);
}

function checkQuery(body: Body, shape: IndexShape, at: string): void {
  const queries = listOf(body["query"]);
  if (queries.length === 0 || queries.some((query) => typeof query !== "string" || query.trim() === ""))
    refusePipeline(`${at}.query`, "a text that is not empty is expected.");
  const paths = listOf(body["path"]);
  if (paths.length === 0) refusePipeline(`${at}.path`, "it is required.");
  for (const path of paths)
    requirePath(shape, isBody(path) ? String(path["value"]) : String(path), ["string"], `${at}.path`);
}

function checkFuzzy(body: Body, at: string): void {
  allowKeys(body, ["maxEdits", "prefixLength", "maxExpansions"], at);
  const { maxEdits = 2, prefixLength = 0, maxExpansions = 50 } = body as Record<string, number>;
  if (maxEdits !== 1 && maxEdits !== 2) refusePipeline(`${at}.maxEdits`, "1 or 2 is expected.");
  if (!(prefixLength >= 0)) refusePipeline(`${at}.prefixLength`, "0 or more is expected.");
  if (!(maxExpansions >= 1 && maxExpansions <= 1000)) refusePipeline(`${at}.maxExpansions`, "1 to 1000 is expected.");
}

function indexType(value: unknown, at: string): string {
  if (typeof value === "string") return "token";
  if (typeof value === "number" && Number.isFinite(value)) return "number";
  if (typeof value === "boolean") return "boolean";
  if (value instanceof Date) return "date";
  return refusePipeline(at, "a text, number, date, true or false is expected.");
}

/** Words of text clauses count one each, everything else one a clause. */
function countClauses(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + countClauses(part), 0);
  if (!isBody(value)) return 0;
  return Object.entries(value).reduce((sum, [name, part]) => {
    if (name === "query") return sum + listOf(part).join(" ").split(" ").length;
    if (name === "equals" || name === "range" || name === "in") return sum + 1;
    return sum + countClauses(part);
  }, 0);
}
