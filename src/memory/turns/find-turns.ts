import { firstOf } from "../../ports/first-of.ts";
import type { Analyzer } from "../../text/analyze.ts";
import type { QuestionKind } from "./question-kind.ts";
import { scoreTurns, type ScoreRequest, type TurnScores } from "./score-turns.ts";
import type { StandingKind } from "./standing.ts";
import type { Turn } from "./turn.ts";
import type { TurnIndex } from "./turn-index.ts";

export interface RankedTurn {
  readonly turn: Turn;
  readonly score: number;
  /** BM25, 0 and above. */
  readonly lexical: number;
  /** The dot product of the vectors, about a cosine; null without vectors. */
  readonly cosine: number | null;
}

export interface FoundTurns {
  readonly kind: QuestionKind;
  /** Best first; equal ones in their order. */
  readonly turns: readonly RankedTurn[];
  /** What holds for every answer, beside the turns: nearest first, of each kind a few. */
  readonly standing: readonly (RankedTurn & { readonly standing: StandingKind })[];
}

interface TurnRequest extends ScoreRequest {
  /** Turns; null: as many as the kind of question needs. */
  readonly limit: number | null;
  /** Only turns with a lower number. */
  readonly before?: number;
}

/** Who asks for several things, or for the whole, is served with more. */
const usualLimits: Readonly<Record<QuestionKind, number>> = { fact: 10, list: 20, ordering: 30, summary: 30 };

/** Of each kind. */
const standingTurns = 2;

/**
 * Ordering the chat of an assistant asks for what the user brought up, so only that is shown. In steps of a few
 * milliseconds; the index must not change before the last.
 */
export function* findTurns(index: TurnIndex, request: TurnRequest, analyzer: Analyzer): Generator<void, FoundTurns> {
  const { question, limit, before = Infinity } = request;
  const scores = yield* scoreTurns(index, request, analyzer);
  const usersOnly = question.kind === "ordering" && index.kind === "assistant";
  const places = [...index.turns.keys()].filter((at) => index.turns[at]!.sequence < before);
  yield;
  const shown = usersOnly ? places.filter((at) => index.turns[at]!.role === "user") : places;
  const turns = best(index, scores, shown, limit ?? usualLimits[question.kind]);
  yield;
  const nearest = (kind: StandingKind) =>
    best(
      index,
      scores,
      places.filter((at) => index.standing[at] === kind),
      standingTurns,
    ).map((found) => ({ ...found, standing: kind }));
  return { kind: question.kind, turns, standing: [...nearest("instruction"), ...nearest("preference")] };
}

function best(
  { turns }: TurnIndex,
  { total, lexical, cosine }: TurnScores,
  places: readonly number[],
  limit: number,
): readonly RankedTurn[] {
  return firstOf(places, limit, (a, b) => total[b]! - total[a]! || a - b).map((at) => ({
    turn: turns[at]!,
    score: total[at]!,
    lexical: lexical[at]!,
    cosine: cosine?.[at] ?? null,
  }));
}
