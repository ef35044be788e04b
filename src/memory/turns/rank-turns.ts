import type { Analyzer } from "../../text/analyze.ts";
import { grammarWords } from "../../text/common-words.ts";
import { fitOfDate, namedDates } from "./named-dates.ts";
import type { TurnQuestion } from "./question-kind.ts";
import type { Turn } from "./turn.ts";
import { dotProducts, type TurnIndex } from "./turn-index.ts";

/** Measured: `docs/decisions/0070-recalling-turns.md`. */
interface RankSettings {
  /** What BM25 counts, of 1; cosine has the rest. */
  readonly lexicalWeight: number;
  /** Times the score of what an assistant says: what users say of themselves is asked for more often. */
  readonly assistantWeight: number;
  readonly speakerBonus: number;
  readonly dateBonus: number;
  readonly sittingShare: number;
}

const defaultSettings: RankSettings = {
  lexicalWeight: 0.25,
  assistantWeight: 0.6,
  speakerBonus: 0.06,
  dateBonus: 0.15,
  sittingShare: 0.3,
};

export interface RankedTurn {
  readonly turn: Turn;
  readonly score: number;
  /** BM25, 0 and above. */
  readonly lexical: number;
  /** The dot product of the vectors, about a cosine; null without vectors. */
  readonly cosine: number | null;
}

/** All turns, best first; equal ones in their order. Ordering an assistant's chat asks for what the user brought up. */
export function rankTurns(
  index: TurnIndex,
  question: TurnQuestion,
  vector: Float32Array | null,
  analyzer: Analyzer,
  settings: RankSettings = defaultSettings,
): readonly RankedTurn[] {
  const { turns } = index;
  const lexical = index.lexical.score(termsOf(index, question.searched, analyzer));
  const cosines = vector === null ? null : dotProducts(index, vector);
  const most = lexical.reduce((high, score) => Math.max(high, score), 0);
  const share = cosines === null ? 1 : settings.lexicalWeight;
  const bonus = bonusOf(index, question.text, settings);
  const scores = turns.map((turn, at) => {
    const plain = (most === 0 ? 0 : (share * lexical[at]!) / most) + (1 - share) * (cosines?.[at] ?? 0);
    const isLess = turn.role === "assistant" && question.kind !== "summary";
    return (isLess ? plain * settings.assistantWeight : plain) + bonus(turn);
  });
  const lifted = withSitting(turns, scores, settings.sittingShare);
  return turns
    .map((turn, at) => ({ turn, score: lifted[at]!, lexical: lexical[at]!, cosine: cosines?.[at] ?? null }))
    .filter(({ turn }) => question.kind !== "ordering" || index.kind === "people" || turn.role === "user")
    .toSorted((a, b) => b.score - a.score || a.turn.sequence - b.turn.sequence);
}

/** What a turn has beside its words: it is said by the one speaker whom the question names, or when it names. */
function bonusOf(index: TurnIndex, question: string, settings: RankSettings): (turn: Turn) => number {
  const speakers = namedSpeakers(index, question);
  const speaker = speakers.length === 1 ? speakers[0] : undefined;
  const dates = namedDates(question);
  return (turn) => {
    const fit = dates.reduce((best, date) => Math.max(best, fitOfDate(date, turn.at)), 0);
    return (speaker !== undefined && turn.speaker === speaker ? settings.speakerBonus : 0) + settings.dateBonus * fit;
  };
}

/** A sitting in which something fits well is worth a look: a share of the mean of its two best is added to all of it. */
function withSitting(turns: readonly Turn[], scores: readonly number[], share: number): readonly number[] {
  const best = new Map<string, [number, number]>();
  turns.forEach(({ sitting }, at) => {
    const [first, second] = best.get(sitting) ?? [-Infinity, -Infinity];
    const score = scores[at]!;
    if (score > first) best.set(sitting, [score, first]);
    else if (score > second) best.set(sitting, [first, score]);
  });
  return turns.map(({ sitting }, at) => {
    const [first, second] = best.get(sitting)!;
    return scores[at]! + share * (second === -Infinity ? first : (first + second) / 2);
  });
}

/** Speakers whose name, or the first word of it, stands in the question. */
function namedSpeakers({ turns }: TurnIndex, question: string): readonly string[] {
  const words = new Set(wordsOf(question));
  const all = new Set(turns.flatMap(({ speaker }) => speaker ?? []));
  return [...all].filter((speaker) => words.has(wordsOf(speaker)[0] ?? ""));
}

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * Words that say what is asked for: not those that questions are put with, nor the names of speakers, which would be found
 * in the turns of whoever speaks of them.
 */
function termsOf({ kind, turns }: TurnIndex, question: string, analyzer: Analyzer): readonly string[] {
  const names =
    kind === "assistant"
      ? new Set<string>()
      : new Set(turns.flatMap(({ speaker }) => (speaker === null ? [] : analyzer.analyze(speaker))));
  const terms = analyzer.analyzeWithOffsets(question);
  const left = terms.filter(({ term, word }) => !names.has(term) && !grammarWords.has(word));
  return (left.length === 0 ? terms : left).map(({ term }) => term);
}
