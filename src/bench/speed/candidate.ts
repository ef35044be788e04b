import type { Corpus, Question } from "./corpus.ts";

/** `mix` is hybrid that also follows links over names. */
export type SearchKind = "vector" | "text" | "hybrid" | "mix";
/** `group` keeps one passage in a hundred, `recent` (category and time) one in two hundred. */
export type Restriction = "all" | "group" | "recent";

/** An engine that is measured. Every search also fetches id, title and content of its ten results. */
export interface Candidate {
  search(question: Question, kind: SearchKind, restriction: Restriction): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface CandidateKind {
  readonly name: string;
  /** The package it needs, where it is a peer. */
  readonly peer: string | null;
  /** Questions that it is asked at most, where it is slow. */
  readonly questions?: number;
  /** What it has no answer to. */
  lacks(kind: SearchKind, restriction: Restriction): boolean;
  /** Fills an empty folder. In-memory engines leave it empty. */
  build(corpus: Corpus, folder: string): Promise<void>;
  /** Makes anew what this version of the engine cannot read of a kept index. */
  refresh?(folder: string): Promise<void>;
  open(corpus: Corpus, folder: string): Promise<Candidate>;
}

export const wanted = 10;
/** Depth of each leg before fusion. */
export const legDepth = 50;

/** Reciprocal ranks with constant 60, for engines that leave fusion to their user. */
export function fuseRanks(lists: readonly (readonly string[])[]): readonly string[] {
  const scores = new Map<string, number>();
  for (const list of lists) list.forEach((id, rank) => scores.set(id, (scores.get(id) ?? 0) + 1 / (60 + rank + 1)));
  return [...scores]
    .sort((a, b) => b[1] - a[1])
    .slice(0, wanted)
    .map(([id]) => id);
}
