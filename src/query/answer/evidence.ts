import type { Evidence } from "../../records.ts";
import type { Analyzer } from "../../text/analyze.ts";
import { withIdentifierWords } from "../../text/identifier-words.ts";
import type { Findings } from "../find-hits.ts";
import type { FusedHit } from "../fusion.ts";
import { answerPassages, type AbstentionWeights, type AnswerConstants } from "./constants.ts";
import { mentionsOf, unmentioned } from "./names.ts";
import { coveredShare, type QuestionTerms } from "./question.ts";

/** What abstention is judged by. */
export interface EvidenceFeatures {
  /** Null when no passage has a cosine. */
  readonly topCosine: number | null;
  /** The most of the question's weight that one of the first three passages has, 0 to 1. */
  readonly coverage: number;
  /** Telling words of the question. */
  readonly words: number;
  /** Names and numbers of the question that none of the passages has, as written. */
  readonly missing: readonly string[];
  /** Passages that were searched: those that scope and filter allow. */
  readonly searched: number;
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
  const shares = passages
    .slice(0, 3)
    .map((hit) => coveredShare(terms, new Set(analyzer.analyze(withIdentifierWords(fullText(hit))))));
  return {
    topCosine: cosines.length === 0 ? null : cosines.reduce((a, b) => Math.max(a, b)),
    coverage: Math.max(0, ...shares),
    words: terms.terms.length,
    missing: unmentioned(
      plan.query,
      passages.map((hit) => mentionsOf(fullText(hit))),
    ),
    searched: found.allowed,
  };
}

const fullText = ({ candidate: { chunk } }: FusedHit): string =>
  [chunk.title, ...chunk.heading_path, chunk.content].join("\n");

/** Three levels, never a verdict on the collection: what the search found may answer, lies nearest, or is nothing. */
export function judge(features: EvidenceFeatures, constants: AnswerConstants): Judgement {
  const { weights, none, answer } = features.topCosine === null ? constants.lexicalAbstention : constants.abstention;
  const value = logit(features, weights);
  // That little was searched says that what lies near is no chance, not that it answers.
  const among = logit({ ...features, searched: manyPassages }, weights);
  return { evidence: value < none ? "none" : among < answer ? "closest" : "answer", value, features };
}

/** From here on more passages bring nothing nearer, as far as was measured. */
const manyPassages = 1000;

/** How much was searched, as abstention weighs it: the fewer passages, the less lies near by chance. */
export const sizeOf = (searched: number): number => Math.log1p(Math.min(searched, manyPassages));

export const logit = (features: EvidenceFeatures, weights: AbstentionWeights): number =>
  weights.intercept +
  weights.topCosine * (features.topCosine ?? 0) +
  weights.coverage * features.coverage +
  weights.length * Math.log1p(features.words) +
  weights.missing * Math.min(2, features.missing.length) +
  weights.size * sizeOf(features.searched);
