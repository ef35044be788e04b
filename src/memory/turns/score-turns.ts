import type { Analyzer } from "../../text/analyze.ts";
import { grammarWords } from "../../text/common-words.ts";
import { fitOfDate, namedDates } from "./named-dates.ts";
import type { TurnQuestion } from "./question-kind.ts";
import type { Turn } from "./turn.ts";
import { dotProducts, turnsPerStep, type TurnIndex } from "./turn-index.ts";

/** Measured: `docs/decisions/0070-recalling-turns.md`. BM25 counts so much, of 1; cosine has the rest. */
const lexicalWeight = 0.25;
const speakerBonus = 0.06;
const dateBonus = 0.15;
const sittingShare = 0.3;

/** Times the score of what an assistant says: what users say of themselves is asked for more often. */
const usualAssistantWeight = 0.6;

/** Each turn's scores, in the order of the conversation. */
export interface TurnScores {
  readonly total: Float64Array;
  /** BM25, 0 and above. */
  readonly lexical: Float64Array;
  /** Dot products of the vectors, about cosines; null without vectors. */
  readonly cosine: Float64Array | null;
}

export interface ScoreRequest {
  readonly question: TurnQuestion;
  /** Of what is searched; null: by words alone. */
  readonly vector: Float32Array | null;
  /** What an assistant's turn counts of a user's, 0 to 1. */
  readonly assistantWeight?: number;
}

/** In steps of a few milliseconds; the index must not change before the last. */
export function* scoreTurns(
  index: TurnIndex,
  { question, vector, assistantWeight = usualAssistantWeight }: ScoreRequest,
  analyzer: Analyzer,
): Generator<void, TurnScores> {
  const lexical = yield* index.lexical.score(termsOf(index, question.searched, analyzer));
  const cosine = vector === null ? null : yield* dotProducts(index, vector);
  const most = lexical.reduce((high, score) => Math.max(high, score), 0);
  const share = cosine === null ? 1 : lexicalWeight;
  const assistantShare = assistantShareOf(question, assistantWeight);
  const bonus = bonusOf(index, question.text);
  const total = new Float64Array(index.turns.length);
  for (const [at, turn] of index.turns.entries()) {
    const plain = (most === 0 ? 0 : (share * lexical[at]!) / most) + (1 - share) * (cosine?.[at] ?? 0);
    total[at] = (turn.role === "assistant" ? plain * assistantShare : plain) + bonus(turn);
    if ((at + 1) % turnsPerStep === 0) yield;
  }
  yield* addSittings(index.turns, total);
  return { total, lexical, cosine };
}

/** Where the question is about what the assistant said, half of what it lacks; a summary takes both alike. */
function assistantShareOf({ kind, ofAssistant }: TurnQuestion, weight: number): number {
  if (kind === "summary") return 1;
  return ofAssistant ? (1 + weight) / 2 : weight;
}

/** What a turn has beside its words: it is said by the one speaker whom the question names, or when it names. */
function bonusOf(index: TurnIndex, question: string): (turn: Turn) => number {
  const speakers = namedSpeakers(index, question);
  const speaker = speakers.length === 1 ? speakers[0] : undefined;
  const dates = namedDates(question);
  return (turn) => {
    const fit = dates.reduce((best, date) => Math.max(best, fitOfDate(date, turn.at)), 0);
    return (speaker !== undefined && turn.speaker === speaker ? speakerBonus : 0) + dateBonus * fit;
  };
}

/** A sitting in which something fits well is worth a look: a share of the mean of its two best is added to all of it. */
function* addSittings(turns: readonly Turn[], scores: Float64Array): Generator<void, void> {
  const best = new Map<string, [number, number]>();
  for (const [at, { sitting }] of turns.entries()) {
    const [first, second] = best.get(sitting) ?? [-Infinity, -Infinity];
    const score = scores[at]!;
    if (score > first) best.set(sitting, [score, first]);
    else if (score > second) best.set(sitting, [first, score]);
    if ((at + 1) % turnsPerStep === 0) yield;
  }
  for (const [at, { sitting }] of turns.entries()) {
    const [first, second] = best.get(sitting)!;
    scores[at]! += sittingShare * (second === -Infinity ? first : (first + second) / 2);
    if ((at + 1) % turnsPerStep === 0) yield;
  }
}

/** Speakers whose name, or the first word of it, stands in the question. */
function namedSpeakers({ speakers }: TurnIndex, question: string): readonly string[] {
  const words = new Set(wordsOf(question));
  return [...speakers].filter((speaker) => words.has(wordsOf(speaker)[0] ?? ""));
}

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * Words that say what is asked for: not those that questions are put with, nor the names of speakers, which would be found
 * in the turns of whoever speaks of them.
 */
function termsOf({ kind, speakers }: TurnIndex, question: string, analyzer: Analyzer): readonly string[] {
  const names = new Set(kind === "people" ? [...speakers].flatMap((speaker) => analyzer.analyze(speaker)) : []);
  const terms = analyzer.analyzeWithOffsets(question);
  const left = terms.filter(({ term, word }) => !names.has(term) && !grammarWords.has(word));
  return (left.length === 0 ? terms : left).map(({ term }) => term);
}
