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
  /** The same where the question is about what it said; a summary takes both alike. */
  readonly askedAssistantWeight: number;
  readonly speakerBonus: number;
  readonly dateBonus: number;
  readonly sittingShare: number;
}

const defaultSettings: RankSettings = {
  lexicalWeight: 0.25,
  assistantWeight: 0.6,
  askedAssistantWeight: 0.8,
  speakerBonus: 0.06,
  dateBonus: 0.15,
  sittingShare: 0.3,
};

/** Each turn's scores, in the order of the conversation. */
export interface TurnScores {
  readonly total: Float64Array;
  /** BM25, 0 and above. */
  readonly lexical: Float64Array;
  /** Dot products of the vectors, about cosines; null without vectors. */
  readonly cosine: Float64Array | null;
}

export function scoreTurns(
  index: TurnIndex,
  question: TurnQuestion,
  vector: Float32Array | null,
  analyzer: Analyzer,
  settings: RankSettings = defaultSettings,
): TurnScores {
  const lexical = index.lexical.score(termsOf(index, question.searched, analyzer));
  const cosine = vector === null ? null : dotProducts(index, vector);
  const most = lexical.reduce((high, score) => Math.max(high, score), 0);
  const share = cosine === null ? 1 : settings.lexicalWeight;
  const assistantShare = assistantShareOf(question, settings);
  const bonus = bonusOf(index, question.text, settings);
  const total = Float64Array.from(index.turns, (turn, at) => {
    const plain = (most === 0 ? 0 : (share * lexical[at]!) / most) + (1 - share) * (cosine?.[at] ?? 0);
    return (turn.role === "assistant" ? plain * assistantShare : plain) + bonus(turn);
  });
  addSittings(index.turns, total, settings.sittingShare);
  return { total, lexical, cosine };
}

function assistantShareOf({ kind, ofAssistant }: TurnQuestion, settings: RankSettings): number {
  if (kind === "summary") return 1;
  return ofAssistant ? settings.askedAssistantWeight : settings.assistantWeight;
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
function addSittings(turns: readonly Turn[], scores: Float64Array, share: number): void {
  const best = new Map<string, [number, number]>();
  turns.forEach(({ sitting }, at) => {
    const [first, second] = best.get(sitting) ?? [-Infinity, -Infinity];
    const score = scores[at]!;
    if (score > first) best.set(sitting, [score, first]);
    else if (score > second) best.set(sitting, [first, score]);
  });
  turns.forEach(({ sitting }, at) => {
    const [first, second] = best.get(sitting)!;
    scores[at]! += share * (second === -Infinity ? first : (first + second) / 2);
  });
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
