import type { Transferable } from "node:worker_threads";
import type { HopHit, HopReason, HopRequest, HopResult, Scored } from "../../../ports/hop.ts";

/** The result of a walk on its way to the main thread, in columns. Passages that were given go as their number. */
export interface SentHop extends Omit<HopResult, "hits"> {
  readonly hits: {
    /** Index into what was given, or behind it into `strangers`. */
    readonly places: Uint32Array;
    readonly strangers: readonly string[];
    /** Score, total, bonus, cosine and BM25 of each; NaN: none. */
    readonly numbers: Float64Array;
    readonly reasons: readonly (HopReason | null)[];
  };
}

const columns = 5;

export function sentHop(request: HopRequest, result: HopResult, transfer: Transferable[]): SentHop {
  const given = new Map(request.hits.map((hit, at) => [hit.chunk_id, at]));
  const strangers: string[] = [];
  const places = new Uint32Array(result.hits.length);
  const numbers = new Float64Array(result.hits.length * columns);
  result.hits.forEach(({ chunk_id, score, total, bonus, found }, at) => {
    places[at] = given.get(chunk_id) ?? request.hits.length + strangers.push(chunk_id) - 1;
    numbers.set([score, total, bonus, found?.cosine ?? NaN, found?.bm25 ?? NaN], at * columns);
  });
  transfer.push(numbers.buffer);
  const reasons = result.hits.map(({ reason }) => reason);
  return { ...result, hits: { places, strangers, numbers, reasons } };
}

/** As the port has it. @param given the hits of the request. */
export function receivedHop(given: readonly Scored[], { hits, ...rest }: SentHop): HopResult {
  const numberAt = (row: number, column: number): number => hits.numbers[row * columns + column]!;
  const scoreAt = (row: number, column: number): number | null =>
    Number.isNaN(numberAt(row, column)) ? null : numberAt(row, column);
  const hitOf = (place: number, row: number): HopHit => ({
    chunk_id: given[place]?.chunk_id ?? hits.strangers[place - given.length]!,
    score: numberAt(row, 0),
    total: numberAt(row, 1),
    bonus: numberAt(row, 2),
    found: place < given.length ? null : { cosine: scoreAt(row, 3), bm25: scoreAt(row, 4) },
    reason: hits.reasons[row]!,
  });
  return { ...rest, hits: Array.from(hits.places, hitOf) };
}
