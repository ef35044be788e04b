import { Aggregator } from "mingo";
import { viewOf, type Call } from "../call.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { compileQuery, mingoOptions, translated } from "../query.ts";
import { rankFusion, scoreFusion } from "../search/fusion.ts";
import { searchStage, vectorSearchStage, type Found } from "../search/stages.ts";
import { asDoc, asDocs, asNumber, asText, isDoc, keyOf, sortDocs, type Doc } from "../value.ts";
import { metaField, rewriteMeta, withoutMeta } from "./meta.ts";
import { collectionStats } from "./stats.ts";

/** Stages whose meaning is mingo's. */
const mingoStages = new Set([
  "$addFields",
  "$bucket",
  "$bucketAuto",
  "$count",
  "$densify",
  "$facet",
  "$fill",
  "$graphLookup",
  "$group",
  "$limit",
  "$lookup",
  "$match",
  "$project",
  "$redact",
  "$replaceRoot",
  "$replaceWith",
  "$sample",
  "$set",
  "$setWindowFields",
  "$skip",
  "$sortByCount",
  "$unset",
  "$unwind",
]);
const searchStages = new Set(["$search", "$searchMeta", "$vectorSearch", "$rankFusion", "$scoreFusion"]);
const firstOnly = new Set([...searchStages, "$collStats", "$listSearchIndexes", "$indexStats"]);
const neverInViews = new Set([...firstOnly, "$out", "$merge"]);
const unsupported = new Set([
  "$out",
  "$merge",
  "$geoNear",
  "$score",
  "$rerank",
  "$changeStream",
  "$documents",
  "$currentOp",
  "$indexStats",
  "$planCacheStats",
  "$listSessions",
  "$querySettings",
  "$shardedDataDistribution",
]);

/** Runs a pipeline over a collection. */
export function runPipeline(call: Call, namespace: string, pipeline: readonly Doc[], nested = false): readonly Doc[] {
  const names = pipeline.map(stageName);
  names.forEach((name, index) => checkStage(call, name, index, nested));
  const [first] = names;
  const state: PipelineState = { call, namespace, variables: {} };
  if (first === "$match") {
    const filter = asDoc(pipeline[0]!["$match"]);
    return withoutMeta(runStages(state, matched(call, namespace, filter), pipeline.slice(1)));
  }
  if (first !== undefined && firstOnly.has(first)) {
    return withoutMeta(runStages(state, source(state, first, pipeline[0]![first]), pipeline.slice(1)));
  }
  return withoutMeta(runStages(state, matched(call, namespace, {}), pipeline));
}

interface PipelineState {
  readonly call: Call;
  readonly namespace: string;
  variables: Doc;
}

function stageName(stage: Doc): string {
  const names = Object.keys(stage);
  if (names.length !== 1)
    throw new ServerError("UnknownStage", "A pipeline stage specification object must contain exactly one field.");
  return names[0]!;
}

function checkStage(call: Call, name: string, index: number, nested: boolean): void {
  const { profile } = call.state;
  const absent = (name === "$rankFusion" && !profile.rankFusion) || (name === "$scoreFusion" && !profile.scoreFusion);
  if (absent) throw new ServerError("UnknownStage", `Unrecognized pipeline stage name: '${name}'`);
  if (unsupported.has(name)) throw notImplemented(`the stage ${name}`);
  const known = mingoStages.has(name) || firstOnly.has(name) || name === "$sort" || name === "$unionWith";
  if (!known) throw new ServerError("UnknownStage", `Unrecognized pipeline stage name: '${name}'`);
  if (searchStages.has(name) && call.transaction)
    throw new ServerError("OperationNotSupportedInTransaction", `${name} cannot be used in a transaction`);
  if (firstOnly.has(name) && index > 0) {
    const code = name === "$rankFusion" || name === "$scoreFusion" ? "Location10170100" : "NotFirstStage";
    throw new ServerError(code, `${name} is only valid as the first stage in a pipeline`);
  }
  if (nested && (name === "$rankFusion" || name === "$scoreFusion"))
    throw new ServerError("Location11178500", `${name} is not allowed in a sub-pipeline`);
  if (searchStages.has(name) && !profile.search) {
    throw new ServerError(
      "SearchNotEnabled",
      `Using ${name} and other search features requires additional configuration; connect to Atlas or mongot.`,
    );
  }
}

/** What a collection or a view holds now; of a collection only what may match, by an index where there is one. */
export function* documentsIn(call: Call, namespace: string, filter: Doc): Iterable<Doc> {
  const { storage } = call.state;
  const view = storage.views.get(namespace);
  if (view) return yield* runPipeline(call, `${view.database}.${view.viewOn}`, view.pipeline);
  for (const [, document] of storage.collection(namespace)?.documents(viewOf(call), filter) ?? []) yield document;
}

/** Committed documents that match. */
function matched(call: Call, namespace: string, filter: Doc): readonly Doc[] {
  const query = compileQuery(filter);
  return [...documentsIn(call, namespace, filter)].filter((document) => query.test(document));
}

/** The server looks at the stages of a view when it is made, and runs them when it is read. */
export function checkView(call: Call, pipeline: readonly Doc[]): void {
  pipeline.map(stageName).forEach((name, index) => {
    if (neverInViews.has(name)) throw new ServerError("OptionNotSupportedOnView", `${name} cannot be used in a view`);
    checkStage(call, name, index, true);
  });
}

function source(state: PipelineState, name: string, body: unknown): readonly Doc[] {
  const { call, namespace } = state;
  if (call.state.storage.views.has(namespace))
    throw new ServerError("CommandNotSupportedOnView", `${name} is not supported on the view ${namespace}`);
  const spec = asDoc(body);
  switch (name) {
    case "$search": {
      const { found, meta } = searchStage(call, namespace, spec);
      state.variables = { SEARCH_META: meta };
      return found.map(withMeta);
    }
    case "$searchMeta":
      return [searchStage(call, namespace, spec).meta];
    case "$vectorSearch":
      return vectorSearchStage(call, namespace, spec).map(withMeta);
    case "$rankFusion":
    case "$scoreFusion": {
      const run = (pipeline: readonly Doc[]): readonly Found[] => fusionInput(call, namespace, pipeline);
      return (name === "$rankFusion" ? rankFusion(spec, run) : scoreFusion(spec, run)).map(withMeta);
    }
    case "$collStats":
      return [collectionStats(call, namespace, spec)];
    case "$listSearchIndexes":
      return call.state.search.list(namespace, spec);
    default:
      throw notImplemented(`the stage ${name}`);
  }
}

const withMeta = (found: Found): Doc => ({ ...found.document, [metaField]: found.meta });

/** A sub-pipeline of a fusion: its documents in order with the score they carry. */
function fusionInput(call: Call, namespace: string, pipeline: readonly Doc[]): readonly Found[] {
  const names = pipeline.map(stageName);
  names.forEach((name, index) => checkStage(call, name, index, true));
  const [first] = names;
  const state: PipelineState = { call, namespace, variables: {} };
  const documents =
    first !== undefined && searchStages.has(first)
      ? runStages(state, source(state, first, pipeline[0]![first]), pipeline.slice(1))
      : runStages(state, matched(call, namespace, {}), pipeline);
  return documents.map((document) => {
    const { [metaField]: meta, ...rest } = document;
    return { document: rest, meta: asDoc(meta) };
  });
}

/**
 * `$count` is short for a group, as on the server: of nothing there is no group and no document, where mingo counts 0.
 * Pipelines inside a stage are looked through too.
 */
function withoutCounts(stages: readonly Doc[]): readonly Doc[] {
  return stages.flatMap((stage): readonly Doc[] => {
    const name = stageName(stage);
    const body = stage[name];
    if (name === "$count") return [{ $group: { _id: null, [asText(body)]: { $sum: 1 } } }, { $project: { _id: 0 } }];
    if (name === "$facet") {
      const inner = Object.entries(asDoc(body)).map(([field, part]) => [field, withoutCounts(asDocs(part))]);
      return [{ $facet: Object.fromEntries(inner) }];
    }
    const { pipeline } = asDoc(body);
    return name === "$lookup" && Array.isArray(pipeline)
      ? [{ $lookup: { ...asDoc(body), pipeline: withoutCounts(asDocs(pipeline)) } }]
      : [stage];
  });
}

function runStages(state: PipelineState, input: readonly Doc[], stages: readonly Doc[]): readonly Doc[] {
  return withoutCounts(stages).reduce<readonly Doc[]>((documents, stage) => {
    const name = stageName(stage);
    const body = stage[name];
    if (name === "$sort") return sorted(documents, asDoc(body));
    if (name === "$match") return documents.filter(compileQuery(asDoc(rewriteMeta("$match", body))).test);
    if (name === "$limit") return documents.slice(0, positive(body, name));
    if (name === "$skip") return documents.slice(asNumber(body, 0));
    if (name === "$unionWith") return [...documents, ...union(state, body)];
    if (name === "$lookup" && asDocs(asDoc(body)["pipeline"]).some((part) => searchStages.has(stageName(part))))
      return searchedLookup(state, documents, asDoc(body));
    return translated(() =>
      new Aggregator([{ [name]: rewriteMeta(name, body) }], {
        ...mingoOptions,
        variables: state.variables,
        collectionResolver: (collection) => [...matched(state.call, `${state.call.database}.${collection}`, {})],
      }).run([...documents]),
    ).filter(isDoc);
  }, input);
}

/** `$search` inside `$lookup`, the same for every document unless a field is compared. */
function searchedLookup(state: PipelineState, documents: readonly Doc[], body: Doc): readonly Doc[] {
  const pipeline = asDocs(body["pipeline"]);
  const stranger = pipeline.map(stageName).find((name) => searchStages.has(name) && !lookupSearches.has(name));
  if (stranger !== undefined)
    throw new ServerError("FailedToParse", `${stranger} is not allowed within a $lookup's pipeline`);
  if (body["let"] !== undefined) throw notImplemented("let beside search stages inside $lookup");
  const found = runPipeline(state.call, `${state.call.database}.${asText(body["from"])}`, pipeline, true);
  const [local, foreign, as] = [body["localField"], body["foreignField"], asText(body["as"])].map(asText);
  const isJoined = local !== "" && foreign !== "";
  return documents.map((document) => ({
    ...document,
    [as!]: isJoined ? found.filter((row) => keyOf(row[foreign!]) === keyOf(document[local!])) : found,
  }));
}

const lookupSearches = new Set(["$search", "$searchMeta"]);

function positive(value: unknown, stage: string): number {
  const limit = asNumber(value, 0);
  if (!(limit > 0)) throw new ServerError("BadValue", `invalid argument to ${stage} stage: must be positive`);
  return limit;
}

function sorted(documents: readonly Doc[], sort: Doc): readonly Doc[] {
  const keys = Object.fromEntries(
    Object.entries(sort).map(([path, direction]) =>
      isDoc(direction) ? [`${metaField}.${asText(direction["$meta"])}`, -1] : [path, direction],
    ),
  );
  return sortDocs(documents, keys);
}

function union(state: PipelineState, body: unknown): readonly Doc[] {
  const spec = typeof body === "string" ? { coll: body } : asDoc(body);
  const namespace = `${state.call.database}.${asText(spec["coll"])}`;
  return runPipeline(state.call, namespace, asDocs(spec["pipeline"]), true);
}
