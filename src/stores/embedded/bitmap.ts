/** A set of slots (the numbers of chunks within the indexes): one bit each, lowest bit first. */
export type Bitmap = Uint8Array;

/** Slots beyond its end are not in it. */
export const hasSlot = (bitmap: Bitmap, slot: number): boolean =>
  (((bitmap[slot >>> 3] as number) >>> (slot & 7)) & 1) === 1;

/** In shared memory. Every slot is below `size`. */
export function bitmapOf(slots: Iterable<number>, size: number): Bitmap {
  const bitmap = new Uint8Array(new SharedArrayBuffer((size + 7) >>> 3));
  for (const slot of slots) addSlot(bitmap, slot);
  return bitmap;
}

export function addSlot(bitmap: Bitmap, slot: number): void {
  bitmap[slot >>> 3] = (bitmap[slot >>> 3] as number) | (1 << (slot & 7));
}

/** Its slots below `size`, rising. */
export function* slotsOf(bitmap: Bitmap, size: number): Generator<number> {
  for (let at = 0; at < bitmap.length && at * 8 < size; at += 1) {
    const bits = bitmap[at] as number;
    for (let bit = 0; bit < 8 && bits >>> bit !== 0; bit += 1) {
      if (((bits >>> bit) & 1) === 1 && at * 8 + bit < size) yield at * 8 + bit;
    }
  }
}
