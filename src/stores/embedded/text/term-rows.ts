import { indexOf, startOf } from "./dictionary.ts";
import type { SegmentData } from "./segment.ts";
import { ownerOf, ownsAll, type TextIndex, type TextPart } from "./text-index.ts";

/** Where the rows of a term lie in one part; `term` is -1 when the part lacks it. */
export const termIndex = ({ segment }: TextPart, term: string): number =>
  indexOf({ text: segment.termText, ends: segment.termEnds }, term);

/** In how many living rows of a tenant a term stands: exactly as if nothing else had ever been in the index. */
export function documentFrequency(index: TextIndex, tenant: number, term: string): number {
  let frequency = 0;
  for (const part of index.parts) {
    const owner = ownerOf(part, tenant);
    const { bodyRows, bodyEnds } = part.segment;
    const at = owner < 0 ? -1 : termIndex(part, term);
    if (at >= 0) frequency += countBetween(part, owner, bodyRows, startOf(bodyEnds, at), bodyEnds[at] as number);
  }
  return frequency;
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
