import { allowKeys, isBody, refusePipeline, type Body } from "./check-pipeline.ts";
import { checkInputs, ordered, type Fused, type FusionInput } from "./rank-fusion.ts";

export type Normalization = "none" | "sigmoid" | "minMaxScaler";

/** `$scoreFusion`: scores brought to one scale, weighted and averaged. */
export function scoreFusionStage(
  inputs: readonly FusionInput[],
  normalization: Normalization,
  scoreDetails = false,
): Body {
  const stage = {
    input: { pipelines: Object.fromEntries(inputs.map(({ name, pipeline }) => [name, pipeline])), normalization },
    combination: { weights: Object.fromEntries(inputs.map(({ name, weight }) => [name, weight])), method: "avg" },
    scoreDetails,
  };
  checkScoreFusion(stage);
  return { $scoreFusion: stage };
}

export function checkScoreFusion(body: Body): void {
  allowKeys(body, ["input", "combination", "scoreDetails"], "$scoreFusion");
  const input = isBody(body["input"]) ? body["input"] : refusePipeline("$scoreFusion.input", "it is required.");
  allowKeys(input, ["pipelines", "normalization"], "$scoreFusion.input");
  if (!["none", "sigmoid", "minMaxScaler"].includes(String(input["normalization"])))
    refusePipeline("$scoreFusion.input.normalization", "none, sigmoid or minMaxScaler is expected.");
  const combination = isBody(body["combination"]) ? body["combination"] : {};
  allowKeys(combination, ["weights", "method", "expression"], "$scoreFusion.combination");
  if (combination["weights"] !== undefined && combination["expression"] !== undefined)
    refusePipeline("$scoreFusion.combination", "weights or an expression, not both.");
  checkInputs(input["pipelines"], combination["weights"], "$scoreFusion");
}

interface ScoredList {
  readonly weight: number;
  readonly hits: readonly { readonly id: string; readonly score: number }[];
}

/** The server's arithmetic in our process: what a list does not hold counts zero in it. */
export function fuseScores(lists: readonly ScoredList[], normalization: Normalization): readonly Fused[] {
  const sums = new Map<string, number>();
  for (const { weight, hits } of lists) {
    const scale = scaleOf(
      normalization,
      hits.map((hit) => hit.score),
    );
    for (const { id, score } of hits) sums.set(id, (sums.get(id) ?? 0) + weight * scale(score));
  }
  return ordered(new Map([...sums].map(([id, sum]) => [id, sum / lists.length])));
}

function scaleOf(normalization: Normalization, scores: readonly number[]): (score: number) => number {
  if (normalization === "none") return (score) => score;
  if (normalization === "sigmoid") return (score) => 1 / (1 + Math.exp(-score));
  const low = Math.min(...scores);
  const high = Math.max(...scores);
  return (score) => (high === low ? 0 : (score - low) / (high - low));
}
