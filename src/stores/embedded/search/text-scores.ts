import type { TenantIndex } from "../index/tenant-index.ts";
import { bitmapOf, type Bitmap } from "../bitmap.ts";
import { scoreRows, type QueryTerm } from "../text/score-rows.ts";
import { slotsWithAll } from "../text/slots-with-all.ts";

/** A word that counts as itself alone, however often the question says it. */
const plainTerm = (term: string): QueryTerm => ({ weight: 1, alternatives: [{ term, weight: 1 }] });

/** BM25 of these slots for analysed words; 0 for a slot of −1. */
export function textScores(index: TenantIndex, slots: readonly number[], terms: readonly string[]): readonly number[] {
  const { tenant } = index;
  const plain = [...new Set(terms)].map(plainTerm);
  const { scores } = scoreRows(index.text, { tenant, terms: plain, allowed: setOf(index, slots) });
  return slots.map((slot) => scores[slot] ?? 0);
}

/** Bit i of a slot's mask says that it holds word i; 31 words at most. */
export function termMasks(index: TenantIndex, slots: readonly number[], terms: readonly string[]): readonly number[] {
  const allowed = setOf(index, slots);
  const masks = new Map<number, number>();
  terms.slice(0, 31).forEach((term, bit) => {
    for (const slot of slotsWithAll(index.text, index.tenant, [term], allowed)) {
      masks.set(slot, (masks.get(slot) ?? 0) | (1 << bit));
    }
  });
  return slots.map((slot) => masks.get(slot) ?? 0);
}

const setOf = (index: TenantIndex, slots: readonly number[]): Bitmap =>
  bitmapOf(
    slots.filter((slot) => slot >= 0),
    index.slots.size,
  );
