import type { Moments, TextLegReport } from "../../../ports/chunk-store.ts";
import type { Analyzer } from "../../../text/analyze.ts";
import { scoreRows } from "../text/score-rows.ts";
import { bestSlots } from "./best-slots.ts";
import { phraseSlots } from "./phrases.ts";
import { queryWords } from "./query-words.ts";
import type { Search } from "./search-chunks.ts";

export interface TextLeg {
  /** Rank by slot, from 1. */
  readonly ranks: ReadonlyMap<number, number>;
  readonly moments: Moments | null;
  /** BM25 of an allowed slot; null when the leg did not run. */
  score(slot: number): number | null;
  readonly report: Pick<TextLegReport, "matched" | "terms" | "corpusSize" | "repairs">;
}

export const noText: TextLeg = {
  ranks: new Map(),
  moments: null,
  score: () => null,
  report: { matched: 0, terms: [], corpusSize: 0, repairs: [] },
};

export function textLeg({ db, index, request, allowed, chunkIds }: Search, analyzer: Analyzer): TextLeg {
  const query = request.text!;
  const words = queryWords(index, analyzer, query);
  const phrases = query.phrases ?? [];
  const holding = phrases.length === 0 ? allowed.bitmap : phraseSlots(db, index, analyzer, phrases, allowed.bitmap);
  const found = scoreRows(index.text, {
    tenant: index.tenant,
    terms: words.terms,
    allowed: holding,
    memory: index.scoreMemory(),
  });
  const best = bestSlots(found.scores, 0, request.candidates, chunkIds, found.peaks);
  return {
    ranks: new Map(best.map(({ slot }, at) => [slot, at + 1])),
    moments: spread(found.moments, allowed.count),
    score: (slot) => found.scores[slot] ?? 0,
    report: {
      matched: found.matched,
      terms: words.names.map((term, at) => ({ term, documentFrequency: found.documentFrequencies[at]! })),
      corpusSize: found.corpusSize,
      repairs: words.repairs,
    },
  };
}

/** The moments over more rows, of which the others score zero. */
function spread({ mean, deviation, count }: Moments, rows: number): Moments {
  if (rows === count || rows === 0) return { mean, deviation, count };
  const share = count / rows;
  const square = (deviation * deviation + mean * mean) * share;
  return { mean: mean * share, deviation: Math.sqrt(Math.max(0, square - (mean * share) ** 2)), count: rows };
}
