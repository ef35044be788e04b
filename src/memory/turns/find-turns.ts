import type { Analyzer } from "../../text/analyze.ts";
import type { QuestionKind, TurnQuestion } from "./question-kind.ts";
import { rankTurns, type RankedTurn } from "./rank-turns.ts";
import type { StandingKind } from "./standing.ts";
import type { TurnIndex } from "./turn-index.ts";

export interface FoundTurns {
  readonly kind: QuestionKind;
  /** Best first. */
  readonly turns: readonly RankedTurn[];
  /** What holds for every answer, beside the turns: nearest first, of each kind a few. */
  readonly standing: readonly (RankedTurn & { readonly kind: StandingKind })[];
}

/** Who asks for several things, or for the whole, is served with more. */
const usualLimits: Readonly<Record<QuestionKind, number>> = { fact: 10, list: 20, ordering: 30, summary: 30 };

/** Of each kind. */
const standingTurns = 2;

/** @param limit turns; null: as many as the kind of question needs. */
export function findTurns(
  index: TurnIndex,
  question: TurnQuestion,
  vector: Float32Array | null,
  analyzer: Analyzer,
  limit: number | null,
): FoundTurns {
  const ranked = rankTurns(index, question, vector, analyzer);
  const kinds = new Map(index.turns.map(({ sequence }, at) => [sequence, index.standing[at] ?? null]));
  const nearest = (kind: StandingKind) =>
    ranked
      .filter(({ turn }) => kinds.get(turn.sequence) === kind)
      .slice(0, standingTurns)
      .map((found) => ({ ...found, kind }));
  return {
    kind: question.kind,
    turns: ranked.slice(0, limit ?? usualLimits[question.kind]),
    standing: [...nearest("instruction"), ...nearest("preference")],
  };
}
