import { type Bitmap, countSlots, hasSlot } from "../bitmap.ts";
import { startOf } from "./dictionary.ts";
import type { Field } from "./term-rows.ts";
import { ownerOf, ownsAll, type TextIndex, type TextPart } from "./text-index.ts";

/** A part as one query sees it. */
export interface AllowedPart {
  readonly part: TextPart;
  readonly owner: number;
  /** Rows that the query may find. */
  readonly rows: number;
  /** Whether these are all rows of the part, so that nothing has to be asked of each. */
  readonly isWhole: boolean;
  readonly bitmap: Bitmap | null;
}

/** Parts without an allowed row are left out. */
export function allowedParts(index: TextIndex, tenant: number, bitmap: Bitmap | null): AllowedPart[] {
  return index.parts.flatMap((part) => {
    const owner = ownerOf(part, tenant);
    const rows = owner < 0 ? 0 : countAllowed(part, owner, bitmap);
    if (rows === 0) return [];
    return [{ part, owner, rows, isWhole: rows === part.segment.rows, bitmap }];
  });
}

function countAllowed(part: TextPart, owner: number, bitmap: Bitmap | null): number {
  const { owners, segment } = part;
  if (bitmap === null) return part.statistics[owner]?.rows ?? 0;
  const first = firstOfRun(part);
  if (first !== null && ownsAll(part)) return countSlots(bitmap, first + segment.rows, first);
  let count = 0;
  for (let row = 0; row < owners.length; row += 1) {
    if (owners[row] === owner && hasSlot(bitmap, segment.slots[row] as number)) count += 1;
  }
  return count;
}

/** The first slot of a part whose slots follow one another without a gap, as they do after a compaction; else null. */
function firstOfRun({ segment: { slots, rows } }: TextPart): number | null {
  const first = slots[0];
  return first !== undefined && (slots[rows - 1] as number) - first === rows - 1 ? first : null;
}

/** Weight of a term in a field: `factor · count / (count + base + perWord · length)`. */
export interface TermWeight {
  readonly factor: number;
  readonly base: number;
  readonly perWord: number;
}

/** Adds one term's share of one field to the scores of the rows that may be found. */
export function addShares(
  target: AllowedPart,
  field: Field,
  term: number,
  weight: TermWeight,
  scores: Float32Array,
): void {
  const start = startOf(field.ends, term);
  const end = field.ends[term] as number;
  const first = target.isWhole ? firstOfRun(target.part) : null;
  if (first === null) addToSome(target, field, start, end, weight, scores);
  else addToAll(field, start, end, weight, scores.subarray(first, first + target.rows));
}

/** The innermost loop of text search. Without the questions of the other loop it takes half the time. */
function addToAll(field: Field, start: number, end: number, weight: TermWeight, scores: Float32Array): void {
  const { rows, counts, lengths } = field;
  const { factor, base, perWord } = weight;
  for (let place = start; place < end; place += 1) {
    const row = rows[place] as number;
    const count = counts[place] as number;
    const share = (factor * count) / (count + base + perWord * (lengths[row] as number));
    scores[row] = (scores[row] as number) + share;
  }
}

function addToSome(
  { part, owner, bitmap }: AllowedPart,
  { rows, counts, lengths }: Field,
  start: number,
  end: number,
  { factor, base, perWord }: TermWeight,
  scores: Float32Array,
): void {
  const { owners, segment } = part;
  const { slots } = segment;
  for (let place = start; place < end; place += 1) {
    const row = rows[place] as number;
    if (owners[row] !== owner) continue;
    const slot = slots[row] as number;
    if (bitmap !== null && !hasSlot(bitmap, slot)) continue;
    const count = counts[place] as number;
    const share = (factor * count) / (count + base + perWord * (lengths[row] as number));
    scores[slot] = (scores[slot] as number) + share;
  }
}
