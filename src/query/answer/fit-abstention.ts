import type { AbstentionLine, AbstentionWeights, AnswerConstants } from "./constants.ts";
import { logit, sizeOf, type EvidenceFeatures } from "./evidence.ts";

/** A question with what was found for it, and whether the collection is about what it asks. */
export interface JudgedQuestion {
  readonly features: EvidenceFeatures;
  readonly onTopic: boolean;
}

/** Pull of every weight but the intercept towards 0: keeps the fit finite when the two kinds part cleanly. */
const ridge = 1;
const maxSteps = 50;

/**
 * Logistic regression by Newton's method on questions of the collection against questions of other collections, both
 * kinds counting the same however many there are. `withCosine` false fits the weights for an index without vectors.
 */
export function fitAbstention(questions: readonly JudgedQuestion[], withCosine = true): AbstentionWeights {
  const rows = questions.map(({ features }) => rowOf(features, withCosine));
  const positive = questions.filter(({ onTopic }) => onTopic).length;
  const share = (onTopic: boolean) =>
    questions.length / (2 * Math.max(1, onTopic ? positive : questions.length - positive));
  let weights = rows[0]?.map(() => 0) ?? [0, 0, 0, 0, 0, 0];
  for (let step = 0; step < maxSteps; step++) {
    const gradient = weights.map((weight, i) => (i === 0 ? 0 : -ridge * weight));
    const hessian = weights.map((_, i) => weights.map((_, j) => (i === j ? (i === 0 ? 1e-9 : ridge) : 0)));
    rows.forEach((row, index) => {
      const { onTopic } = questions[index]!;
      const p = 1 / (1 + Math.exp(-row.reduce((sum, x, i) => sum + x * weights[i]!, 0)));
      row.forEach((x, i) => {
        gradient[i]! += share(onTopic) * ((onTopic ? 1 : 0) - p) * x;
        row.forEach((y, j) => {
          hessian[i]![j]! += share(onTopic) * p * (1 - p) * x * y;
        });
      });
    });
    const change = solve(hessian, gradient);
    weights = weights.map((weight, i) => weight + change[i]!);
    if (Math.max(...change.map(Math.abs)) < 1e-8) break;
  }
  const [intercept = 0, topCosine = 0, coverage = 0, length = 0, missing = 0, size = 0] = weights;
  return { intercept, topCosine, coverage, length, missing, size };
}

/** Of the questions of other collections, this share may pass the line between "none" and "closest". */
const passing = 0.012;
/** How far above that line "answer" begins. */
const answerLead = 2;

/** Weights and where their levels begin. */
export function fitLine(questions: readonly JudgedQuestion[], withCosine = true): AbstentionLine {
  const weights = fitAbstention(questions, withCosine);
  const foreign = questions
    .filter(({ onTopic }) => !onTopic)
    .map(({ features }) => logit(features, weights))
    .sort((a, b) => b - a);
  const none = foreign[Math.floor(passing * foreign.length)] ?? 0;
  return { weights, none, answer: none + answerLead };
}

/** For one embedder: what it found for the questions, and what words alone found for them. */
export const fitConstants = (
  embedder: string,
  questions: readonly JudgedQuestion[],
  lexical: readonly JudgedQuestion[],
): AnswerConstants => ({ embedder, abstention: fitLine(questions), lexicalAbstention: fitLine(lexical, false) });

function rowOf(features: EvidenceFeatures, withCosine: boolean): readonly number[] {
  const { topCosine, coverage, words, missing, searched } = features;
  const cosine = withCosine ? (topCosine ?? 0) : 0;
  return [1, cosine, coverage, Math.log1p(words), Math.min(2, missing.length), sizeOf(searched)];
}

/** Gauss-Jordan elimination with pivoting; a column without a pivot changes nothing. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const pivot = rows.reduce(
      (best, row, i) => (i >= column && Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? i : best),
      column,
    );
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const lead = rows[column]![column]!;
    if (Math.abs(lead) < 1e-12) continue;
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / lead;
      for (let j = column; j <= size; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => (Math.abs(row[i]!) < 1e-12 ? 0 : row[size]! / row[i]!));
}
