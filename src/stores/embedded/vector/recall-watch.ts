import type { TopScores } from "../top-scores.ts";

/** Whether the prefilter still finds what a full scan finds, judged by a sample of live queries. */
export interface RecallWatch {
  /** The answers of both ways to the same query. */
  record(full: TopScores, prefiltered: TopScores): void;
  /** Mean recall of the latest queries; 1 before there was one. */
  readonly recall: number;
  /** False once the recall of enough queries lies below the floor: scan everything. */
  readonly isTrusted: boolean;
}

const latest = 50;
const enough = 10;

export function recallWatch(floor = 0.98): RecallWatch {
  const recalls: number[] = [];
  const mean = (): number =>
    recalls.length === 0 ? 1 : recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  return {
    record: (full, prefiltered) => {
      recalls.push(recallOf(full, prefiltered));
      if (recalls.length > latest) recalls.shift();
    },
    get recall() {
      return mean();
    },
    get isTrusted() {
      return recalls.length < enough || mean() >= floor;
    },
  };
}

/** The share of the wanted slots that were found; another slot with the last score is as good. */
export function recallOf(full: TopScores, prefiltered: TopScores): number {
  if (full.slots.length === 0) return 1;
  const last = full.scores.at(-1) as number;
  const found = prefiltered.scores.reduce((count, score) => count + (score >= last ? 1 : 0), 0);
  return Math.min(1, found / full.slots.length);
}
