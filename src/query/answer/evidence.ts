import type { Evidence } from "../../records.ts";
import type { Analyzer } from "../../text/analyze.ts";
import type { Findings } from "../find-hits.ts";
import { fuse } from "../fuse.ts";
import type { FusedHit } from "../fusion.ts";
import { answerPassages, type AbstentionWeights, type AnswerConstants } from "./constants.ts";
import { mentionsOf, unmentioned } from "./names.ts";
import { coveredShare, type QuestionTerms } from "./question.ts";

/** What abstention is judged by. */
export interface EvidenceFeatures {
  /** Null when no passage has a cosine. */
  readonly topCosine: number | null;
  readonly coverage: number;
  readonly gap: number;
  /** Names and numbers of the question that none of the passages has, as written. */
  readonly missing: readonly string[];
}

export interface Judgement {
  readonly evidence: Evidence;
  /** The logit behind the level. */
  readonly value: number;
  readonly features: EvidenceFeatures;
}

export function evidenceFeatures(
  { plan, found, hits }: Pick<Findings, "plan" | "found" | "hits">,
  terms: QuestionTerms,
  analyzer: Analyzer,
): EvidenceFeatures {
  const passages = hits.slice(0, answerPassages);
  const cosines = found.candidates.flatMap(({ cosine }) => cosine ?? []);
  const firstThree = passages.slice(0, 3).map((hit) => analyzer.analyze(fullText(hit)));
  return {
    topCosine: cosines.length === 0 ? null : cosines.reduce((a, b) => Math.max(a, b)),
    coverage: coveredShare(terms, new Set(firstThree.flat())),
    gap: gapOf(found),
    missing: unmentioned(
      plan.query,
      passages.map((hit) => mentionsOf(fullText(hit))),
    ),
  };
}

const fullText = ({ candidate: { chunk } }: FusedHit): string =>
  [chunk.title, ...chunk.heading_path, chunk.content].join("\n");

/** Always of the z-scores with the measured weight, whatever order was asked for, so that one fit serves all. */
function gapOf(found: Findings["found"]): number {
  if (found.vector === null || found.text === null) return 0;
  const fused = fuse(found, { method: "z", vectorWeight: 1, textWeight: 0.4, rankConstant: 60 });
  const fifth = fused[Math.min(4, fused.length - 1)];
  return fused[0] === undefined || fifth === undefined ? 0 : fused[0].score - fifth.score;
}

/** Three levels, never a verdict on the collection: what the search found may answer, lies nearest, or is nothing. */
export function judge(features: EvidenceFeatures, constants: AnswerConstants): Judgement {
  const weights = features.topCosine === null ? constants.lexicalAbstention : constants.abstention;
  const value = logit(features, weights);
  const { none, answer } = constants.thresholds;
  return { evidence: value < none ? "none" : value < answer ? "closest" : "answer", value, features };
}

export const logit = (features: EvidenceFeatures, weights: AbstentionWeights): number =>
  weights.intercept +
  weights.topCosine * (features.topCosine ?? 0) +
  weights.coverage * features.coverage +
  weights.gap * features.gap +
  weights.missing * Math.min(2, features.missing.length);
