import { type Bitmap, hasSlot } from "../bitmap.ts";
import { startOf } from "./dictionary.ts";
import { termIndex } from "./term-rows.ts";
import { ownerOf, type TextIndex, type TextPart } from "./text-index.ts";

/** The allowed slots of a tenant that hold every term; all of them for no term. Not in order. */
export function slotsWithAll(index: TextIndex, tenant: number, terms: readonly string[], allowed: Bitmap): number[] {
  return index.parts.flatMap((part) => {
    const owner = ownerOf(part, tenant);
    if (owner < 0) return [];
    const { slots } = part.segment;
    const isWanted = (row: number): boolean => part.owners[row] === owner && hasSlot(allowed, slots[row] as number);
    return rowsWithAll(part, terms)
      .filter(isWanted)
      .map((row) => slots[row] as number);
  });
}

/** Walks the rows of the rarest term and looks each up in the lists of the others. */
function rowsWithAll(part: TextPart, terms: readonly string[]): number[] {
  const lists = terms.map((term) => rowsOf(part, term)).sort((a, b) => a.length - b.length);
  const [rarest, ...others] = lists;
  if (rarest === undefined) return Array.from(part.owners.keys());
  return Array.from(rarest).filter((row) => others.every((list) => holds(list, row)));
}

function rowsOf(part: TextPart, term: string): Uint16Array {
  const at = termIndex(part, term);
  const { bodyRows, bodyEnds } = part.segment;
  return at < 0 ? bodyRows.subarray(0, 0) : bodyRows.subarray(startOf(bodyEnds, at), bodyEnds[at]);
}

function holds(rising: Uint16Array, row: number): boolean {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return rising[low] === row;
}
