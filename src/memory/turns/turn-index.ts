import { dotProduct } from "../../ports/dot-product.ts";
import type { Analyzer } from "../../text/analyze.ts";
import { lexicalIndex, noNeighbours, type LexicalIndex, type NeighbourShares } from "./lexical-index.ts";
import { standingKind, type StandingKind } from "./standing.ts";
import type { ConversationKind, Turn } from "./turn.ts";
import { questionsTo } from "./turn-texts.ts";

/** A conversation ready to be asked. Arrays have one entry for each turn. */
export interface TurnIndex {
  readonly kind: ConversationKind;
  readonly turns: Turn[];
  /** Null where there is none. */
  readonly vectors: (Float32Array | null)[];
  /** Of what users tell an assistant; null for all else. */
  readonly standing: (StandingKind | null)[];
  readonly lexical: LexicalIndex;
  /** Who speaks, each once. */
  readonly speakers: Set<string>;
}

/** Between people an answer leans on what was asked; what an assistant and its user write stands for itself. */
const shares: Readonly<Record<ConversationKind, NeighbourShares>> = {
  people: { previous: 0.3, asked: 0.3, next: 0.2 },
  assistant: noNeighbours,
};

export const turnIndex = (kind: ConversationKind): TurnIndex => ({
  kind,
  turns: [],
  vectors: [],
  standing: [],
  lexical: lexicalIndex(shares[kind]),
  speakers: new Set(),
});

/** Adds the turn that comes next. */
export function addTurn(index: TurnIndex, turn: Turn, vector: Float32Array | null, analyzer: Analyzer): void {
  const before = index.turns.at(-1) ?? null;
  const asked = index.kind === "people" ? questionsTo(before, turn) : [];
  index.lexical.add({
    terms: analyzer.analyze(turn.text),
    asked: analyzer.analyze(asked.join(" ")),
    follows: before !== null && before.sitting === turn.sitting,
  });
  if (turn.speaker !== null) index.speakers.add(turn.speaker);
  index.turns.push(turn);
  index.vectors.push(vector);
  index.standing.push(index.kind === "assistant" && turn.role === "user" ? standingKind(turn.text) : null);
}

/** Turns between two steps of what goes over all of them. */
export const turnsPerStep = 1000;

/** The dot product with each turn; 0 for a turn without a vector. */
export function* dotProducts({ vectors }: TurnIndex, question: Float32Array): Generator<void, Float64Array> {
  const products = new Float64Array(vectors.length);
  for (let at = 0; at < products.length; at += 1) {
    const vector = vectors[at]!;
    if (vector !== null) products[at] = dotProduct(question, vector);
    if ((at + 1) % turnsPerStep === 0) yield;
  }
  return products;
}
