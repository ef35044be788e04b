import { startOf } from "./dictionary.ts";
import { defaultBm25, inverseFrequency, weightedFields, type WeightedField } from "./score-rows.ts";
import { frequencyIn, termIndex } from "./term-rows.ts";
import { ownerOf, statisticsOf, type TextIndex, type TextPart } from "./text-index.ts";

export interface FewScores {
  /** Per slot asked for, to the bit what `scoreRows` gives it; 0 for a slot without a living row. */
  readonly scores: Float32Array;
  /** Bit i says that the slot holds word i; the first 31 words. */
  readonly masks: Int32Array;
}

/**
 * BM25 and the words of a few slots at a time: their rows are looked up in the lists of the words, where `scoreRows`
 * walks the lists. A word counts once, however often it is said. What does not depend on the slots is found out once.
 */
export function fewScorer(
  index: TextIndex,
  tenant: number,
  terms: readonly string[],
): (slots: readonly number[]) => FewScores {
  const corpus = statisticsOf(index, tenant);
  const fields = weightedFields(corpus, defaultBm25);
  // In the order in which `scoreRows` adds up.
  const lists = [...new Set(terms)].toSorted().flatMap((term) => {
    const numbers = index.parts.map((part) => termIndex(part, term));
    return fields.flatMap((field, isTitle) => {
      const frequencies = index.parts.map((part, at) => frequencyIn(part, tenant, numbers[at]!, field.of));
      const frequency = frequencies.reduce((sum, one) => sum + one, 0);
      const factor = field.weight * inverseFrequency(corpus.rows, frequency);
      const bits = isTitle === 0 ? bitsOf(terms, term) : 0;
      const { base, perWord } = field;
      return index.parts.flatMap((part, at) =>
        frequencies[at] === 0 ? [] : { ...listOf(part, field, numbers[at]!), part: at, factor, bits, base, perWord },
      );
    });
  });
  return (slots) => {
    const said: FewScores = { scores: new Float32Array(slots.length), masks: new Int32Array(slots.length) };
    // Numbers sort faster than pairs.
    const rising = Float64Array.from(slots, (slot, at) => slot * mostSlots + at).sort();
    const found = index.parts.map((part) => rowsAmong(part, tenant, rising));
    for (const list of lists) addShares(list, found[list.part]!, said);
    return said;
  };
}

/** The rows of one word in one field of one part, and what they add to a score. */
interface TermList {
  readonly part: number;
  readonly rows: Uint16Array;
  readonly counts: Uint8Array;
  readonly lengths: Uint32Array;
  readonly start: number;
  readonly end: number;
  /** Of a step from row to row, how many places of the list lie in between. */
  readonly density: number;
  readonly factor: number;
  readonly bits: number;
  readonly base: number;
  readonly perWord: number;
}

function listOf({ segment }: TextPart, field: WeightedField, term: number) {
  const { rows, counts, lengths, ends } = field.of(segment);
  const [start, end] = [startOf(ends, term), ends[term]!];
  return { rows, counts, lengths, start, end, density: (end - start) / segment.rows };
}

function addShares(list: TermList, found: FoundRows, { scores, masks }: FewScores): void {
  const { rows, counts, lengths, start, end, density, factor, bits, base, perWord } = list;
  let place = start;
  let before = 0;
  for (let one = 0; one < found.length; one++) {
    const row = found.rows[one]!;
    place = firstFrom(rows, { start: place, end, guess: place + Math.floor((row - before) * density) }, row);
    if (place === end) return;
    before = row;
    if (rows[place] !== row) continue;
    const at = found.at[one]!;
    const count = counts[place]!;
    scores[at] = scores[at]! + (factor * count) / (count + base + perWord * lengths[row]!);
    masks[at]! |= bits;
  }
}

/** Rows in rising order, as the lists are. */
interface FoundRows {
  readonly rows: Uint32Array;
  /** Of each, the index into the slots asked for. */
  readonly at: Uint32Array;
  readonly length: number;
}

/** @param rising slots, each with its index. */
function rowsAmong(part: TextPart, tenant: number, rising: Float64Array): FoundRows {
  const owner = ownerOf(part, tenant);
  const [rows, at] = [new Uint32Array(rising.length), new Uint32Array(rising.length)];
  let length = 0;
  if (owner < 0) return { rows, at, length };
  const { segment, owners } = part;
  let row = 0;
  let before = 0;
  for (const place of rising) {
    const slot = Math.floor(place / mostSlots);
    row = firstFrom(segment.slots, { start: row, end: segment.rows, guess: row + slot - before }, slot);
    if (row === segment.rows) break;
    before = segment.slots[row]!;
    if (before !== slot || owners[row] !== owner) continue;
    rows[length] = row;
    at[length++] = place - slot * mostSlots;
  }
  return { rows, at, length };
}

/** More are never asked for at once; with a slot number it makes a number that is exact. */
const mostSlots = 2 ** 21;

/** Where to look in a list, and where the number is likely to be. */
interface Within {
  readonly start: number;
  readonly end: number;
  readonly guess: number;
}

/** The first place from `start` on whose number is not below `wanted`; `end` for none. Near the guess it is found at once. */
function firstFrom(rising: Uint16Array | Uint32Array, { start, end, guess }: Within, wanted: number): number {
  if (start >= end) return end;
  let low = Math.min(Math.max(guess, start), end - 1);
  let high = low;
  if (rising[low]! < wanted) {
    for (let reach = 1; rising[high]! < wanted; reach *= 2) {
      low = high + 1;
      if (low >= end) return end;
      high = low + reach < end ? low + reach : end - 1;
      if (high === end - 1 && rising[high]! < wanted) return end;
    }
  } else {
    for (let reach = 1; low > start && rising[low]! >= wanted; reach *= 2) {
      high = low;
      low = low - reach > start ? low - reach : start;
    }
  }
  // Below `low` all are smaller, at `high` none is.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

const bitsOf = (terms: readonly string[], wanted: string): number =>
  terms.slice(0, 31).reduce((mask, term, bit) => (term === wanted ? mask | (1 << bit) : mask), 0);
