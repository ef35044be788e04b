import { startOf } from "./dictionary.ts";
import { defaultBm25, inverseFrequency, weightedFields, type WeightedField } from "./score-rows.ts";
import { documentFrequency, termIndex } from "./term-rows.ts";
import { ownerOf, statisticsOf, type TextIndex, type TextPart } from "./text-index.ts";

export interface FewScores {
  /** Per slot asked for, to the bit what `scoreRows` gives it; 0 for a slot without a living row. */
  readonly scores: Float32Array;
  /** Bit i says that the slot holds word i; the first 31 words. */
  readonly masks: Int32Array;
}

/**
 * BM25 and the words of a few slots: their rows are looked up in the lists of the words, where `scoreRows` walks the
 * lists. A word counts once, however often it is said.
 */
export function scoreFew(
  index: TextIndex,
  tenant: number,
  terms: readonly string[],
  slots: readonly number[],
): FewScores {
  const scores = new Float32Array(slots.length);
  const masks = new Int32Array(slots.length);
  // Numbers sort faster than pairs.
  const rising = Float64Array.from(slots, (slot, at) => slot * mostSlots + at).sort();
  const parts = index.parts.map((part) => ({ part, found: rowsAmong(part, tenant, rising) }));
  const corpus = statisticsOf(index, tenant);
  const fields = weightedFields(corpus, defaultBm25);
  // In the order in which `scoreRows` adds up.
  for (const term of [...new Set(terms)].toSorted()) {
    fields.forEach((field, isTitle) => {
      const factor = field.weight * inverseFrequency(corpus.rows, documentFrequency(index, tenant, term, field.of));
      for (const { part, found } of parts) {
        const list = listOf(part, field, term);
        if (list === null) continue;
        const bits = isTitle === 0 ? bitsOf(terms, term) : 0;
        const { rows, counts, lengths, end } = list;
        const { base, perWord } = field;
        let place = list.start;
        for (let one = 0; one < found.length; one++) {
          const row = found.rows[one]!;
          place = firstFrom(rows, place, end, row);
          if (place === end) break;
          if (rows[place] !== row) continue;
          const at = found.at[one]!;
          const count = counts[place]!;
          scores[at] = scores[at]! + (factor * count) / (count + base + perWord * lengths[row]!);
          masks[at]! |= bits;
        }
      }
    });
  }
  return { scores, masks };
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
  for (const place of rising) {
    const slot = Math.floor(place / mostSlots);
    row = firstFrom(segment.slots, row, segment.rows, slot);
    if (row === segment.rows) break;
    if (segment.slots[row] !== slot || owners[row] !== owner) continue;
    rows[length] = row;
    at[length++] = place - slot * mostSlots;
  }
  return { rows, at, length };
}

/** More are never asked for at once; with a slot number it makes a number that is exact. */
const mostSlots = 2 ** 21;

function listOf(part: TextPart, field: WeightedField, term: string) {
  const at = termIndex(part, term);
  if (at < 0) return null;
  const { rows, counts, lengths, ends } = field.of(part.segment);
  return { rows, counts, lengths, start: startOf(ends, at), end: ends[at]! };
}

/** The first place from `start` on whose number is not below `wanted`; `end` for none. Near places are found at once. */
function firstFrom(rising: Uint16Array | Uint32Array, start: number, end: number, wanted: number): number {
  let reach = 1;
  let low = start;
  while (low + reach < end && rising[low + reach]! < wanted) {
    low += reach;
    reach *= 2;
  }
  let high = Math.min(end, low + reach);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

const bitsOf = (terms: readonly string[], wanted: string): number =>
  terms.slice(0, 31).reduce((mask, term, bit) => (term === wanted ? mask | (1 << bit) : mask), 0);
