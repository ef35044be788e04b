import { mean } from "../../evaluate/measures.ts";
import type { EvalQuery } from "../../evaluate/dataset.ts";
import type { ScoredUnit } from "../../query/answer/scored-units.ts";
import type { Mode } from "../../query/query-request.ts";
import { askUnits, type Indexed } from "./indexed.ts";
import type { SpanQuestion } from "./span-questions.ts";

/** Shares of questions, 0 to 1. */
export interface AnswerFigures {
  readonly questions: number;
  /** The first unit holds it. */
  readonly first: number;
  /** One of the units shown, three at most, holds it. */
  readonly shown: number;
  /** Units shown, on average. */
  readonly units: number;
}

/** How often the units hold the right answer as written, ignoring case, marks, articles and punctuation. */
export async function measureAnswerStrings(
  queries: readonly EvalQuery[],
  indexed: Indexed,
  mode: Mode = "hybrid",
): Promise<AnswerFigures> {
  const answered = queries.filter(({ answers }) => answers.some((answer) => normalize(answer) !== ""));
  const runs = await inTurn(answered, async ({ text, filter, answers }) => {
    const { units } = await askUnits(indexed, text, filter, mode);
    const wanted = answers.map(normalize).filter((answer) => answer !== "");
    return units.map((unit) => wanted.some((answer) => ` ${normalize(unit.text)} `.includes(` ${answer} `)));
  });
  return figuresOf(runs);
}

/** How often the units hit a labelled span: half of the shorter of the two lies in the other. */
export async function measureSpans(
  questions: readonly SpanQuestion[],
  indexed: Indexed,
  mode: Mode = "hybrid",
): Promise<AnswerFigures> {
  const runs = await inTurn(questions, async (question) => {
    const { units } = await askUnits(indexed, question.text, null, mode);
    return units.map((unit) => isLabelled(unit, question));
  });
  return figuresOf(runs);
}

function isLabelled(unit: ScoredUnit, question: SpanQuestion): boolean {
  if (unit.hit.candidate.chunk.document_id !== question.document) return false;
  return question.spans.some((span) => {
    const shared = Math.min(unit.end, span.end) - Math.max(unit.start, span.start);
    return shared >= 0.5 * Math.min(unit.end - unit.start, span.end - span.start);
  });
}

const figuresOf = (runs: readonly (readonly boolean[])[]): AnswerFigures => ({
  questions: runs.length,
  first: mean(runs.map((units) => (units[0] === true ? 1 : 0))),
  shown: mean(runs.map((units) => (units.includes(true) ? 1 : 0))),
  units: mean(runs.map((units) => units.length)),
});

async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}

const normalize = (text: string): string =>
  text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .replaceAll(/\b(?:a|an|the)\b/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();
