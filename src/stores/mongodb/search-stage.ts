import { Binary } from "mongodb";
import { allowKeys, isBody, refusePipeline, requirePath, type Body, type IndexShape } from "./check-pipeline.ts";
import type { Clause } from "./native-filter.ts";
import { checkTextSearch } from "./text-search.ts";
import { checkQueryVector, maxCandidates } from "./vector-search.ts";

/** What a `$search` may ask beside its operator. */
export interface SearchOptions {
  readonly highlight?: { readonly path: string | readonly string[]; readonly maxNumPassages?: number };
  /** Path → direction; the score where there is none. Texts sort as tokens only. */
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  /** Of the last hit before: the next page of the same search in the same order. */
  readonly searchAfter?: string;
  readonly count?: { readonly type: "total" | "lowerBound" };
}

/** `$search` with one operator, such as a compound of text, phrase, near, range, geoWithin, in and equals. */
export function searchStage(operator: Clause, shape: IndexShape, options: SearchOptions = {}): Body {
  const body = { index: shape.name, ...operator, ...options };
  checkSearch(body, shape);
  return { $search: body };
}

const sortable = ["token", "number", "date", "boolean", "objectId", "uuid"];

/** mongot's rules for all of `$search`: those of its operator, and those of what stands beside it. */
export function checkSearch(body: Body, shape: IndexShape): void {
  const { highlight, sort, searchAfter, searchBefore, ...search } = body;
  if (search["vectorSearch"] === undefined) checkTextSearch(search, shape);
  else checkLexicalVector(search, shape, [highlight, sort, searchAfter, searchBefore]);
  if (highlight !== undefined) checkHighlight(highlight, shape);
  if (sort !== undefined) checkSort(sort, shape);
  if (searchAfter !== undefined && searchBefore !== undefined)
    refusePipeline("$search.searchBefore", "searchAfter or searchBefore, not both.");
  for (const token of [searchAfter, searchBefore])
    if (token !== undefined && (typeof token !== "string" || token === ""))
      refusePipeline("$search.searchAfter", "a token of a hit is expected.");
}

function checkHighlight(highlight: unknown, shape: IndexShape): void {
  const at = "$search.highlight";
  if (!isBody(highlight)) return refusePipeline(at, "an object is expected.");
  allowKeys(highlight, ["path", "maxNumPassages", "maxCharsToExamine"], at);
  const paths = [highlight["path"] ?? []].flat();
  if (paths.length === 0) refusePipeline(`${at}.path`, "it is required.");
  for (const path of paths) requirePath(shape, String(path), ["string"], `${at}.path`);
  for (const name of ["maxNumPassages", "maxCharsToExamine"]) {
    const value = highlight[name];
    if (value !== undefined && !(Number.isInteger(value) && Number(value) > 0))
      refusePipeline(`${at}.${name}`, "a positive whole number is expected.");
  }
}

function checkSort(sort: unknown, shape: IndexShape): void {
  const at = "$search.sort";
  if (!isBody(sort) || Object.keys(sort).length === 0) return refusePipeline(at, "at least one path is expected.");
  for (const [path, direction] of Object.entries(sort)) {
    if (isBody(direction) && direction["$meta"] === "searchScore") continue;
    requirePath(shape, path, sortable, `${at}.${path}`);
    const order = isBody(direction) ? direction["order"] : direction;
    if (order !== 1 && order !== -1) refusePipeline(`${at}.${path}`, "1 or -1 is expected.");
  }
}

export interface LexicalVectorSearch {
  readonly vector: Float32Array;
  readonly limit: number;
  /** Any operator of `$search`: words with typing errors, phrases, places. */
  readonly filter: Clause;
  readonly numCandidates?: number;
}

/** The `vectorSearch` operator inside `$search` (preview): nearest among what any search operator lets through. */
export function lexicalVectorStage(search: LexicalVectorSearch, shape: IndexShape): Body {
  const { vector, limit, filter, numCandidates = Math.min(maxCandidates, Math.max(100, 20 * limit)) } = search;
  const queryVector = Binary.fromFloat32Array(vector);
  const vectorSearch = { path: shape.vectorPath, queryVector, numCandidates, limit, filter };
  const body = { index: shape.name, vectorSearch };
  checkSearch(body, shape);
  return { $search: body };
}

function checkLexicalVector(body: Body, shape: IndexShape, beside: readonly unknown[]): void {
  const at = "$search.vectorSearch";
  allowKeys(body, ["index", "vectorSearch", "count", "concurrent", "searchNodePreference"], "$search");
  if ((body["index"] ?? "default") !== shape.name)
    refusePipeline("$search.index", `the index is called ${shape.name}; another name finds nothing.`);
  if (beside.some((option) => option !== undefined))
    refusePipeline(at, "it takes no highlight, sort or paging token beside it; page with $skip and $limit.");
  const search = isBody(body["vectorSearch"]) ? body["vectorSearch"] : refusePipeline(at, "an object is expected.");
  allowKeys(search, ["path", "queryVector", "numCandidates", "limit", "exact", "filter", "score"], at);
  requirePath(shape, String(search["path"]), ["vector"], `${at}.path`);
  checkQueryVector(search["queryVector"], shape.dimensions, `${at}.queryVector`);
  const [limit, candidates] = [search["limit"], search["numCandidates"]];
  if (!Number.isInteger(limit) || Number(limit) < 1) refusePipeline(`${at}.limit`, "a positive whole number.");
  const isInRange = Number.isInteger(candidates) && Number(candidates) >= Number(limit);
  if (search["exact"] === true ? candidates !== undefined : !isInRange || Number(candidates) > maxCandidates)
    refusePipeline(`${at}.numCandidates`, `from the limit to ${maxCandidates} is expected, and none with exact.`);
  const filter = search["filter"];
  if (filter !== undefined) checkTextSearch({ index: shape.name, ...(isBody(filter) ? filter : {}) }, shape);
}
