import { viewOf, type Call } from "../call.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { asDoc, asDocs, asNumber, asText, isDoc, type Doc } from "../value.ts";
import { fail, only, type Evaluation, type Scores } from "./clause.ts";
import { evaluate, operatorNames } from "./operators.ts";
import { facetsOf } from "./facets.ts";
import { highlighter } from "./highlights.ts";
import { isDescending, paged, tokens } from "./paging.ts";
import type { SearchIndexData } from "./search-index.ts";
import { filterTest, nearest, parseVectorQuery } from "./vector-query.ts";

/** A document with the metadata that `$meta` shows. */
export interface Found {
  readonly document: Doc;
  readonly meta: Doc;
}

const options = new Set([
  "index",
  "count",
  "highlight",
  "sort",
  "searchAfter",
  "searchBefore",
  "scoreDetails",
  "returnStoredSource",
  "returnScope",
  "tracking",
  "concurrent",
  "searchNodePreference",
]);
const unsupported = ["scoreDetails", "returnScope"];

/** `$search`: an unknown index and an unmapped path give nothing, without an error. The journal says so. */
export function searchStage(
  call: Call,
  namespace: string,
  spec: Doc,
): { readonly found: readonly Found[]; readonly meta: Doc } {
  const operators = Object.keys(spec).filter((name) => operatorNames.includes(name) || name === "facet");
  for (const name of unsupported) if (spec[name] !== undefined) throw notImplemented(`${name} of $search`);
  const stranger = Object.keys(spec).find(
    (name) => !options.has(name) && !operatorNames.includes(name) && name !== "facet",
  );
  if (stranger !== undefined) fail(stranger, "unrecognized field");
  if (operators.length !== 1) fail("$search", "must have exactly one operator or collector");
  const operator = operators[0]!;
  if (operator === "vectorSearch" && !call.state.profile.vectorOperator) fail("vectorSearch", "unrecognized field");
  const name = spec["index"] === undefined ? "default" : asText(spec["index"]);
  const index = call.state.search.lookup(namespace, name);
  if (index === null) {
    call.silences.push(`index ${name} does not exist on ${namespace}`);
    return { found: [], meta: countMeta(spec, 0) };
  }
  if (index.definition.kind !== "search")
    throw new ServerError("BadValue", "Cannot execute $search over vectorSearch index");
  const evaluation = { index, silence: (reason: string) => call.silences.push(reason) };
  const scores = scoresOf(operator, spec, evaluation);
  const ranked = paged(order(scores, spec, index), spec);
  const highlights =
    spec["highlight"] === undefined ? null : highlighter(spec["highlight"], { [operator]: spec[operator] }, evaluation);
  // Made only where a later stage asks for it: it holds the whole query.
  const later = JSON.stringify(asDocs(call.command["pipeline"]).slice(1));
  const token = later.includes("searchSequenceToken") ? tokens(spec) : null;
  const found = spec["returnStoredSource"] === true ? stored(ranked, index) : lookedUp(call, namespace, ranked);
  return {
    found: found.map(({ id, document, score }) => {
      const { meta } = withScore(document, "searchScore", score);
      const tokens = token === null ? {} : { searchSequenceToken: token(id) };
      const more = highlights === null ? {} : { searchHighlights: highlights(document) };
      return { document, meta: { ...meta, ...tokens, ...more } };
    }),
    meta: {
      ...countMeta(spec, scores.size),
      ...(operator === "facet" ? { facet: facetsOf(asDoc(spec["facet"]), scores, evaluation) } : {}),
    },
  };
}

function scoresOf(operator: string, spec: Doc, evaluation: Evaluation): Scores {
  if (operator === "vectorSearch") return vectorOperator(asDoc(spec["vectorSearch"]), spec, evaluation);
  if (operator !== "facet") return evaluate({ [operator]: spec[operator] }, evaluation);
  const inner = asDoc(spec["facet"])["operator"];
  if (inner !== undefined) return evaluate(asDoc(inner), evaluation);
  return new Map([...evaluation.index.documents.keys()].map((id) => [id, 1]));
}

function vectorOperator(body: Doc, spec: Doc, evaluation: Evaluation): Scores {
  const clash = ["sort", "searchAfter", "searchBefore", "highlight", "tracking"].find(
    (name) => spec[name] !== undefined,
  );
  if (clash !== undefined) fail(clash, "cannot be used with vectorSearch");
  const query = parseVectorQuery(body);
  const filter = body["filter"] === undefined ? null : evaluate(asDoc(body["filter"]), evaluation);
  return new Map(nearest(evaluation.index, query, filter === null ? null : new Set(filter.keys())));
}

function countMeta(spec: Doc, matched: number): Doc {
  const count = asDoc(spec["count"]);
  if (spec["count"] !== undefined) only(count, ["type", "threshold"], "count");
  if (count["type"] === "total") return { count: { total: matched } };
  return { count: { lowerBound: Math.min(matched, Math.max(asNumber(count["threshold"], 1000), 0) + 1) } };
}

type Ranked = readonly { readonly id: string; readonly score: number }[];

function order(scores: Scores, spec: Doc, index: SearchIndexData): Ranked {
  const position = new Map([...index.documents.keys()].map((id, at) => [id, at]));
  const rows = [...scores].map(([id, score]) => ({ id, score, at: position.get(id) ?? 0 }));
  const sort = spec["sort"];
  if (sort === undefined) return rows.sort((a, b) => b.score - a.score || a.at - b.at);
  const keys = Object.entries(asDoc(sort)).map(([path, direction]) => {
    if (isDoc(direction) && direction["$meta"] !== undefined) return { field: null, sign: -1, isLast: true };
    const sign = isDescending(direction) ? -1 : 1;
    const noData = isDoc(direction) ? direction["noData"] : undefined;
    // What has no value comes first upwards, as null does, unless it is told to be the highest.
    const isLast = noData === "highest" ? sign === 1 : sign === -1;
    const field = index.values.find((candidate) => candidate.field.path === path);
    if (!field) fail(`sort.${path}`, "is not indexed as sortable");
    return { field, sign, isLast };
  });
  const valueOf = (field: (typeof keys)[number]["field"], row: (typeof rows)[number]): string | number | null => {
    if (field === null) return row.score;
    const value = field.values.get(row.id)?.[0]?.value;
    return typeof value === "string" || typeof value === "number" ? value : null;
  };
  return rows.sort((a, b) => {
    for (const { field, sign, isLast } of keys) {
      const [x, y] = [valueOf(field, a), valueOf(field, b)];
      if (x === y) continue;
      if (x === null || y === null) return (x === null) === isLast ? 1 : -1;
      return (x < y ? -1 : 1) * sign;
    }
    return a.at - b.at;
  });
}

const withScore = (document: Doc, name: "searchScore" | "vectorSearchScore", score: number): Found => ({
  document,
  meta: { [name]: score, score },
});

/** Bodies as they are now: what was deleted since is gone, what was changed is new though the match is old. */
function lookedUp(
  call: Call,
  namespace: string,
  ranked: Ranked,
): readonly { readonly id: string; readonly document: Doc; readonly score: number }[] {
  const collection = call.state.storage.collection(namespace);
  const view = viewOf(call);
  return ranked.flatMap(({ id, score }) => {
    const document = collection?.get(id, view) ?? null;
    return document === null ? [] : { id, document, score };
  });
}

const stored = (
  ranked: Ranked,
  index: SearchIndexData,
): readonly { readonly id: string; readonly document: Doc; readonly score: number }[] =>
  ranked.map(({ id, score }) => ({ id, document: index.documents.get(id) ?? {}, score }));

/** `$vectorSearch`: an unknown index gives nothing; a path that is not indexed is an error. */
export function vectorSearchStage(call: Call, namespace: string, spec: Doc): readonly Found[] {
  const name = asText(spec["index"]) || fail("index", "is required");
  const query = parseVectorQuery(spec);
  const index = call.state.search.lookup(namespace, name);
  if (index === null) {
    call.silences.push(`index ${name} does not exist on ${namespace}`);
    return [];
  }
  if (index.definition.kind !== "vectorSearch")
    throw new ServerError("BadValue", "Cannot execute $vectorSearch over search index");
  const filter = asDoc(spec["filter"]);
  const test = Object.keys(filter).length === 0 ? null : filterTest(filter, index);
  const allowed = test === null ? null : new Set([...index.documents.keys()].filter(test));
  const ranked = nearest(index, query, allowed).map(([id, score]) => ({ id, score }));
  const found = spec["returnStoredSource"] === true ? stored(ranked, index) : lookedUp(call, namespace, ranked);
  return found.map(({ document, score }) => withScore(document, "vectorSearchScore", score));
}
