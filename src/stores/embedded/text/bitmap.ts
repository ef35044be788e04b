/** One bit per slot, lowest bit first. */
export type Bitmap = Uint8Array;

/** Slots beyond its end are not in it. */
export const hasSlot = (bitmap: Bitmap, slot: number): boolean =>
  (((bitmap[slot >>> 3] as number) >>> (slot & 7)) & 1) === 1;

export function bitmapOf(slots: Iterable<number>, size: number): Bitmap {
  const bitmap = new Uint8Array(new SharedArrayBuffer((size + 7) >>> 3));
  for (const slot of slots) bitmap[slot >>> 3] = (bitmap[slot >>> 3] as number) | (1 << (slot & 7));
  return bitmap;
}
