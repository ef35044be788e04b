import { indexOf, startOf } from "./dictionary.ts";
import type { SegmentData } from "./segment.ts";
import { ownerOf, ownsAll, type TextIndex, type TextPart } from "./text-index.ts";

/** The number of a term within a part; -1 when the part lacks it. */
export const termIndex = ({ segment }: TextPart, term: string): number =>
  indexOf({ text: segment.termText, ends: segment.termEnds }, term);

/** One field of a segment: a list of rows per term. */
export interface Field {
  readonly ends: Uint32Array;
  readonly rows: Uint16Array;
  readonly counts: Uint8Array;
  readonly lengths: Uint32Array;
}

export const bodyOf = (segment: SegmentData): Field => ({
  ends: segment.bodyEnds,
  rows: segment.bodyRows,
  counts: segment.bodyCounts,
  lengths: segment.bodyLengths,
});

export const titleOf = (segment: SegmentData): Field => ({
  ends: segment.titleEnds,
  rows: segment.titleRows,
  counts: segment.titleCounts,
  lengths: segment.titleLengths,
});

/** In how many living rows of a tenant a term stands: exactly as if nothing else had ever been in the index. */
export function documentFrequency(
  index: TextIndex,
  tenant: number,
  term: string,
  fieldOf: (segment: SegmentData) => Field = bodyOf,
): number {
  return index.parts.reduce((sum, part) => sum + frequencyIn(part, tenant, termIndex(part, term), fieldOf), 0);
}

/** The same within one part, where the term has this number; none for -1. */
export function frequencyIn(
  part: TextPart,
  tenant: number,
  at: number,
  fieldOf: (segment: SegmentData) => Field,
): number {
  const owner = ownerOf(part, tenant);
  if (owner < 0 || at < 0) return 0;
  const { rows, ends } = fieldOf(part.segment);
  return countBetween(part, owner, rows, startOf(ends, at), ends[at] as number);
}

/** The rows of a word: its own list, or that of its term when the segment knows no other word of that term. */
export function rowsOfWord(segment: SegmentData, word: number): { rows: Uint16Array; start: number; end: number } {
  const start = startOf(segment.wordRowEnds, word);
  const end = segment.wordRowEnds[word] as number;
  if (start < end) return { rows: segment.wordRows, start, end };
  const term = segment.wordTerms[word] as number;
  return { rows: segment.bodyRows, start: startOf(segment.bodyEnds, term), end: segment.bodyEnds[term] as number };
}

/** Living rows of an owner between two places of a list of rows. */
export function countBetween(part: TextPart, owner: number, rows: Uint16Array, start: number, end: number): number {
  if (ownsAll(part)) return end - start;
  const { owners } = part;
  let count = 0;
  for (let at = start; at < end; at += 1) if (owners[rows[at] as number] === owner) count += 1;
  return count;
}
