import type { TenantIndex } from "../index/tenant-index.ts";
import { bitmapOf } from "../bitmap.ts";
import { scoreRows, type QueryTerm } from "../text/score-rows.ts";

/** A word that counts as itself alone, however often the question says it. */
const plainTerm = (term: string): QueryTerm => ({ weight: 1, alternatives: [{ term, weight: 1 }] });

/** BM25 of these slots for analysed words; 0 for a slot of −1. */
export function textScores(index: TenantIndex, slots: readonly number[], terms: readonly string[]): readonly number[] {
  const allowed = bitmapOf(
    slots.filter((slot) => slot >= 0),
    index.slots.size,
  );
  const { scores } = scoreRows(index.text, {
    tenant: index.tenant,
    terms: [...new Set(terms)].map(plainTerm),
    allowed,
  });
  return slots.map((slot) => scores[slot] ?? 0);
}

/** Bit i of a slot's mask says that it holds word i; 31 words at most. */
export function termMasks(index: TenantIndex, slots: readonly number[], terms: readonly string[]): readonly number[] {
  const masks = slots.map(() => 0);
  terms.slice(0, 31).forEach((term, bit) => {
    textScores(index, slots, [term]).forEach((score, at) => {
      if (score > 0) masks[at]! |= 1 << bit;
    });
  });
  return masks;
}
