import { allowKeys, isBody, refusePipeline, type Body } from "./check-pipeline.ts";

export interface FusionInput {
  readonly name: string;
  readonly weight: number;
  /** Begins with a search stage and ends with a limit. */
  readonly pipeline: readonly Body[];
}

/** The server's constant; any other makes the fusion run in our process. */
export const serverRankConstant = 60;

const stages = new Set(["$search", "$vectorSearch", "$match", "$sort", "$geoNear", "$sample", "$skip", "$limit"]);

/** `$rankFusion` with a weight for every input, since some servers demand them all. */
export function rankFusionStage(inputs: readonly FusionInput[], scoreDetails = false): Body {
  const stage = {
    input: { pipelines: Object.fromEntries(inputs.map(({ name, pipeline }) => [name, pipeline])) },
    combination: { weights: Object.fromEntries(inputs.map(({ name, weight }) => [name, weight])) },
    scoreDetails,
  };
  checkRankFusion(stage);
  return { $rankFusion: stage };
}

export function checkRankFusion(body: Body): void {
  allowKeys(body, ["input", "combination", "scoreDetails"], "$rankFusion");
  const input = isBody(body["input"]) ? body["input"] : refusePipeline("$rankFusion.input", "it is required.");
  allowKeys(input, ["pipelines"], "$rankFusion.input");
  const combination = isBody(body["combination"]) ? body["combination"] : {};
  allowKeys(combination, ["weights"], "$rankFusion.combination");
  checkInputs(input["pipelines"], combination["weights"], "$rankFusion");
}

/** What both fusions ask of their inputs. */
export function checkInputs(pipelines: unknown, weights: unknown, at: string): void {
  if (!isBody(pipelines) || Object.keys(pipelines).length === 0)
    return refusePipeline(`${at}.input.pipelines`, "at least one pipeline is expected.");
  for (const [name, pipeline] of Object.entries(pipelines)) {
    if (name === "" || name.startsWith("$") || name.includes(".") || name.includes("\0"))
      refusePipeline(`${at}.input.pipelines.${name}`, "a name is not empty, has no dot and does not begin with $.");
    checkInputPipeline(pipeline, `${at}.input.pipelines.${name}`);
  }
  if (!isBody(weights)) return;
  for (const [name, weight] of Object.entries(weights)) {
    if (!Object.hasOwn(pipelines, name))
      refusePipeline(`${at}.combination.weights.${name}`, "there is no such pipeline.");
    if (!(Number(weight) >= 0)) refusePipeline(`${at}.combination.weights.${name}`, "a weight is not negative.");
  }
}

function checkInputPipeline(pipeline: unknown, at: string): void {
  if (!Array.isArray(pipeline) || pipeline.length === 0) return refusePipeline(at, "a list of stages is expected.");
  const names = pipeline.map((stage: unknown) => (isBody(stage) ? (Object.keys(stage)[0] ?? "") : ""));
  const stranger = names.find((name) => !stages.has(name));
  if (stranger !== undefined) refusePipeline(at, `${stranger || "this stage"} may not stand in an input of a fusion.`);
  const first = names[0]!;
  if (first !== "$search" && first !== "$vectorSearch" && first !== "$geoNear" && !names.includes("$sort"))
    refusePipeline(at, "it must be ranked: begin with a search or hold $sort.");
  const body: unknown = Object.values(pipeline[0] as Body)[0];
  if (!namesTenant(body)) refusePipeline(at, "the tenant is missing: this input would bring others' passages.");
  if (isBody(body) && body["returnStoredSource"] === true)
    refusePipeline(at, "returnStoredSource is not allowed here.");
}

const tenantPath = "metadata.tenant_id";

/** Whether every hit must be of one tenant: in the filter of a vector search, or of a compound. */
function namesTenant(body: unknown): boolean {
  if (!isBody(body)) return false;
  const compound = isBody(body["compound"]) ? body["compound"]["filter"] : undefined;
  const clauses = [body["filter"] ?? compound].flat().flatMap((clause) => conjuncts(clause));
  return clauses.some((clause) => {
    const equals = clause["equals"];
    return typeof clause[tenantPath] === "string" || (isBody(equals) && equals["path"] === tenantPath);
  });
}

const conjuncts = (clause: unknown): readonly Body[] =>
  !isBody(clause) ? [] : Array.isArray(clause["$and"]) ? clause["$and"].flatMap(conjuncts) : [clause];

export interface Fused {
  readonly id: string;
  readonly score: number;
}

/** The server's arithmetic in our process: Σ weight / (constant + rank), then `_id`. */
export function fuseRanks(
  lists: readonly { readonly weight: number; readonly ids: readonly string[] }[],
  constant = serverRankConstant,
): readonly Fused[] {
  const scores = new Map<string, number>();
  for (const { weight, ids } of lists)
    ids.forEach((id, index) => scores.set(id, (scores.get(id) ?? 0) + weight / (constant + index + 1)));
  return ordered(scores);
}

export const ordered = (scores: ReadonlyMap<string, number>): readonly Fused[] =>
  [...scores]
    .map(([id, score]) => ({ id, score }))
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
