import { longestName } from "./build-graph-segment.ts";
import type { GraphSegment } from "./graph-segment.ts";
import { beginsWith, compareBytes, firstNotBelow, startOfName } from "./name-table.ts";

const blank = 0x20;

/** Indexes of the longer names, of seven words at most, that hold these words side by side. */
export function* namesWithWords(segment: GraphSegment, words: Uint8Array): Generator<number> {
  const followed = new Uint8Array([...words, blank]);
  const { text, ends } = segment.names;
  const first = firstNotBelow(ends.length, (at) => compareBytes(text, startOfName(ends, at), ends[at]!, followed));
  for (let at = first; at < ends.length && beginsWith(text, startOfName(ends, at), ends[at]!, followed); at++) {
    if (countWords(text, startOfName(ends, at), ends[at]!) <= longestName) yield at;
  }
  yield* endingWith(segment, words);
  yield* insideOf(segment, followed);
}

const isSame = (text: Uint8Array, start: number, end: number, words: Uint8Array): boolean =>
  compareBytes(text, start, end, words) === 0;

const endingWith = (segment: GraphSegment, words: Uint8Array): Generator<number> => matching(segment, words, isSame);
const insideOf = (segment: GraphSegment, words: Uint8Array): Generator<number> => matching(segment, words, beginsWith);

function* matching(
  segment: GraphSegment,
  words: Uint8Array,
  isMatch: (text: Uint8Array, start: number, end: number, words: Uint8Array) => boolean,
): Generator<number> {
  const { inside, insideNames, nameText, nameEnds } = segment;
  const endAt = (at: number): number => nameEnds[insideNames[at]!]!;
  const first = firstNotBelow(inside.length, (at) => compareBytes(nameText, inside[at]!, endAt(at), words));
  for (let at = first; at < inside.length && isMatch(nameText, inside[at]!, endAt(at), words); at++) {
    yield insideNames[at]!;
  }
}

function countWords(text: Uint8Array, start: number, end: number): number {
  let count = 1;
  for (let at = start; at < end; at++) if (text[at] === blank) count += 1;
  return count;
}
