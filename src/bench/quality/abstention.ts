import type { EvalQuery } from "../../evaluate/dataset.ts";
import type { JudgedQuestion } from "../../query/answer/fit-abstention.ts";
import type { Judgement } from "../../query/answer/evidence.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Evidence } from "../../records.ts";
import { askUnits, type Indexed } from "./indexed.ts";

type Question = Pick<EvalQuery, "text" | "filter">;

/** Shares of the questions that ended at each level, 0 to 1. */
export type Levels = Readonly<Record<Evidence, number>> & { readonly questions: number };

export interface AbstentionFigures {
  /** The collection's own questions: `none` are wrongly turned away. */
  readonly own: Levels;
  /** Questions of other collections: `none` is what is wanted. */
  readonly foreign: Levels;
}

/** Asks a collection its own questions and those of others. */
export async function measureAbstention(
  indexed: Indexed,
  own: readonly Question[],
  foreign: readonly Question[],
  mode: Mode = "hybrid",
): Promise<AbstentionFigures> {
  return {
    own: levelsOf(await judgementsOf(indexed, own, mode)),
    foreign: levelsOf(await judgementsOf(indexed, foreign, mode)),
  };
}

/** The examples that `fitAbstention` learns from. */
export async function judgedQuestions(
  indexed: Indexed,
  own: readonly Question[],
  foreign: readonly Question[],
  mode: Mode = "hybrid",
): Promise<readonly JudgedQuestion[]> {
  const judged = async (questions: readonly Question[], onTopic: boolean) =>
    (await judgementsOf(indexed, questions, mode)).map(({ features }) => ({ features, onTopic }));
  return [...(await judged(own, true)), ...(await judged(foreign, false))];
}

async function judgementsOf(
  indexed: Indexed,
  questions: readonly Question[],
  mode: Mode,
): Promise<readonly Judgement[]> {
  const judgements: Judgement[] = [];
  for (const { text, filter } of questions) {
    judgements.push((await askUnits(indexed, text, filter, mode)).judgement);
  }
  return judgements;
}

function levelsOf(judgements: readonly Judgement[]): Levels {
  const share = (level: Evidence) =>
    judgements.filter(({ evidence }) => evidence === level).length / Math.max(1, judgements.length);
  return { questions: judgements.length, answer: share("answer"), closest: share("closest"), none: share("none") };
}

/** `count` of the items, evenly spread over them. */
export const sample = <T>(items: readonly T[], count: number): readonly T[] =>
  items.length <= count
    ? items
    : Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
