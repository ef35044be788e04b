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
 * BM25 and the words of a few slots: each is looked up in the lists of the words, where `scoreRows` walks the lists.
 * A word counts once, however often it is said.
 */
export function scoreFew(
  index: TextIndex,
  tenant: number,
  terms: readonly string[],
  slots: readonly number[],
): FewScores {
  const scores = new Float32Array(slots.length);
  const masks = new Int32Array(slots.length);
  const parts = index.parts.map((part) => ({ part, found: rowsAmong(part, tenant, slots) }));
  const corpus = statisticsOf(index, tenant);
  const fields = weightedFields(corpus, defaultBm25);
  // In the order in which `scoreRows` adds up.
  for (const term of [...new Set(terms)].toSorted()) {
    fields.forEach((field, isTitle) => {
      const factor = field.weight * inverseFrequency(corpus.rows, documentFrequency(index, tenant, term, field.of));
      for (const { part, found } of parts) {
        const list = listOf(part, field, term);
        if (list === null) continue;
        for (const { row, at } of found) {
          const place = placeOf(list.rows, list.start, list.end, row);
          if (place < 0) continue;
          const count = list.counts[place]!;
          const share = (factor * count) / (count + field.base + field.perWord * list.lengths[row]!);
          scores[at] = scores[at]! + share;
          if (isTitle === 0) masks[at]! |= bitsOf(terms, term);
        }
      }
    });
  }
  return { scores, masks };
}

interface FoundRow {
  readonly row: number;
  /** Index into the slots asked for. */
  readonly at: number;
}

function rowsAmong(part: TextPart, tenant: number, slots: readonly number[]): readonly FoundRow[] {
  const owner = ownerOf(part, tenant);
  if (owner < 0) return [];
  const { segment, owners } = part;
  return slots.flatMap((slot, at) => {
    const row = placeOf(segment.slots, 0, segment.rows, slot);
    return row >= 0 && owners[row] === owner ? [{ row, at }] : [];
  });
}

function listOf(part: TextPart, field: WeightedField, term: string) {
  const at = termIndex(part, term);
  if (at < 0) return null;
  const { rows, counts, lengths, ends } = field.of(part.segment);
  return { rows, counts, lengths, start: startOf(ends, at), end: ends[at]! };
}

/** Where a number stands in a rising list, or −1. */
function placeOf(rising: Uint16Array | Uint32Array, start: number, end: number, wanted: number): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low < end && rising[low] === wanted ? low : -1;
}

const bitsOf = (terms: readonly string[], wanted: string): number =>
  terms.slice(0, 31).reduce((mask, term, bit) => (term === wanted ? mask | (1 << bit) : mask), 0);
