import { ServerError, notImplemented } from "../fault.ts";
import { asDoc, asDocs, asNumber, asText, compareBson, isDoc, keyOf, type Doc } from "../value.ts";
import type { Found } from "./stages.ts";

type Run = (pipeline: readonly Doc[]) => readonly Found[];

const rankConstant = 60;
const allowedStages = new Set([
  "$search",
  "$vectorSearch",
  "$match",
  "$sort",
  "$geoNear",
  "$sample",
  "$skip",
  "$limit",
]);

interface Input {
  readonly name: string;
  readonly weight: number;
  readonly pipeline: readonly Doc[];
}

function fail(message: string): never {
  throw new ServerError("FailedToParse", message);
}

function inputsOf(stage: string, spec: Doc, weights: Doc): readonly Input[] {
  const pipelines = asDoc(asDoc(spec["input"])["pipelines"]);
  const names = Object.keys(pipelines);
  if (names.length === 0) fail(`${stage} input.pipelines cannot be empty`);
  const stranger = Object.keys(weights).find((name) => !names.includes(name));
  if (stranger !== undefined) fail(`${stage} weights name a pipeline that does not exist: ${stranger}`);
  return names.map((name) => {
    if (name === "" || name.startsWith("$") || name.includes(".") || name.includes("\0"))
      fail(`${stage} pipeline names cannot be empty, start with $ or contain a dot: ${name}`);
    const weight = weights[name] === undefined ? 1 : asNumber(weights[name], Number.NaN);
    if (!(weight >= 0)) fail(`${stage} weights must be non-negative numbers`);
    const pipeline = asDocs(pipelines[name]);
    checkPipeline(stage, pipeline);
    return { name, weight, pipeline };
  });
}

function checkPipeline(stage: string, pipeline: readonly Doc[]): void {
  const names = pipeline.map((part) => Object.keys(part)[0] ?? "");
  const stranger = names.find((name) => !allowedStages.has(name));
  if (stranger !== undefined) fail(`${stage} input pipelines cannot contain ${stranger}`);
  if (names.includes("$geoNear")) throw notImplemented("$geoNear");
  const ranked = names[0] === "$search" || names[0] === "$vectorSearch" || names.includes("$sort");
  if (!ranked) fail(`${stage} input pipelines must be ranked: begin with a search or contain $sort`);
  const first = asDoc(Object.values(pipeline[0] ?? {})[0]);
  if (first["returnStoredSource"] === true)
    throw new ServerError("Location9191102", `${stage} input pipelines cannot use returnStoredSource`);
}

function only(body: Doc, names: readonly string[], at: string): void {
  const stranger = Object.keys(body).find((name) => !names.includes(name));
  if (stranger !== undefined) fail(`unknown field ${at}.${stranger}`);
}

interface Part {
  readonly rank: number;
  readonly score: number;
}

/** Joins the inputs by `_id`: what each said of every document. */
function joined(
  inputs: readonly Input[],
  run: Run,
): readonly { readonly document: Doc; readonly parts: Map<string, Part> }[] {
  const rows = new Map<string, { readonly document: Doc; readonly parts: Map<string, Part> }>();
  for (const input of inputs) {
    run(input.pipeline).forEach(({ document, meta }, index) => {
      const key = keyOf(document["_id"]);
      const row = rows.get(key) ?? { document, parts: new Map<string, Part>() };
      row.parts.set(input.name, { rank: index + 1, score: asNumber(meta["score"], 0) });
      rows.set(key, row);
    });
  }
  return [...rows.values()];
}

const byScore = (rows: readonly Found[]): readonly Found[] =>
  rows.toSorted(
    (a, b) =>
      asNumber(b.meta["score"], 0) - asNumber(a.meta["score"], 0) || compareBson(a.document["_id"], b.document["_id"]),
  );

/** Σ weight / (60 + rank); the constant is the server's. */
export function rankFusion(spec: Doc, run: Run): readonly Found[] {
  only(spec, ["input", "combination", "scoreDetails"], "$rankFusion");
  only(asDoc(spec["input"]), ["pipelines"], "$rankFusion.input");
  only(asDoc(spec["combination"]), ["weights"], "$rankFusion.combination");
  const inputs = inputsOf("$rankFusion", spec, asDoc(asDoc(spec["combination"])["weights"]));
  return byScore(
    joined(inputs, run).map(({ document, parts }) => {
      const details = inputs.map(({ name, weight }) => {
        const part = parts.get(name);
        return { inputPipelineName: name, rank: part?.rank ?? "NA", weight, value: part?.score ?? 0, details: [] };
      });
      const score = inputs.reduce((sum, { name, weight }) => {
        const part = parts.get(name);
        return part ? sum + weight / (rankConstant + part.rank) : sum;
      }, 0);
      return { document, meta: fusedMeta(score, details, spec) };
    }),
  );
}

const fusedMeta = (score: number, details: readonly Doc[], spec: Doc): Doc => ({
  score,
  ...(spec["scoreDetails"] === true ? { scoreDetails: { value: score, description: "fused", details } } : {}),
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Scores brought to one scale and added or averaged; an absent document counts zero. */
export function scoreFusion(spec: Doc, run: Run): readonly Found[] {
  only(spec, ["input", "combination", "scoreDetails"], "$scoreFusion");
  const input = asDoc(spec["input"]);
  only(input, ["pipelines", "normalization"], "$scoreFusion.input");
  const combination = asDoc(spec["combination"]);
  only(combination, ["weights", "method", "expression"], "$scoreFusion.combination");
  if (combination["expression"] !== undefined || combination["method"] === "expression")
    throw notImplemented("$scoreFusion with an expression");
  const method = asText(combination["method"]) || "avg";
  if (method !== "avg") fail("$scoreFusion method must be avg or expression");
  const normalization = asText(input["normalization"]);
  if (!["none", "sigmoid", "minMaxScaler"].includes(normalization))
    fail("$scoreFusion input.normalization must be none, sigmoid or minMaxScaler");
  const inputs = inputsOf("$scoreFusion", spec, isDoc(combination["weights"]) ? combination["weights"] : {});
  const rows = joined(inputs, run);
  const scales = new Map(
    inputs.map(({ name }) => [
      name,
      scaleOf(
        normalization,
        rows.flatMap(({ parts }) => parts.get(name)?.score ?? []),
      ),
    ]),
  );
  return byScore(
    rows.map(({ document, parts }) => {
      const values = inputs.map(({ name, weight }) => {
        const part = parts.get(name);
        return part ? weight * scales.get(name)!(part.score) : 0;
      });
      const score = values.reduce((sum, value) => sum + value, 0) / values.length;
      const details = inputs.map(({ name, weight }, index) => ({
        inputPipelineName: name,
        weight,
        value: values[index]!,
        inputPipelineRawScore: parts.get(name)?.score ?? 0,
        details: [],
      }));
      return { document, meta: fusedMeta(score, details, spec) };
    }),
  );
}

function scaleOf(normalization: string, scores: readonly number[]): (score: number) => number {
  if (normalization === "none") return (score) => score;
  if (normalization === "sigmoid") return sigmoid;
  const low = Math.min(...scores);
  const high = Math.max(...scores);
  return (score) => (high === low ? 0 : (score - low) / (high - low));
}
