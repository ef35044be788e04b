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
    for (let bits = bitmap[at] as number; bits !== 0; bits &= bits - 1) {
      const slot = at * 8 + 31 - Math.clz32(bits & -bits);
      if (slot < size) yield slot;
    }
  }
}

/** Its slots below `size` in every `step`-th byte of it, so in runs of eight at even distances. */
export function evenSample(bitmap: Bitmap, size: number, step: number): Uint32Array {
  const sample: number[] = [];
  for (let at = 0; at * 8 < size && at < bitmap.length; at += step)
    for (const slot of slotsOf(bitmap.subarray(at, at + 1), size - at * 8)) sample.push(at * 8 + slot);
  return Uint32Array.from(sample);
}

/** How many slots it has from `from` on and below `to`. */
export function countSlots(bitmap: Bitmap, to: number, from = 0): number {
  let count = 0;
  const end = Math.min(to, bitmap.length * 8);
  for (let slot = from; slot < end;) {
    if ((slot & 7) === 0 && slot + 8 <= end) {
      count += onesIn(bitmap[slot >>> 3] as number);
      slot += 8;
    } else {
      count += hasSlot(bitmap, slot) ? 1 : 0;
      slot += 1;
    }
  }
  return count;
}

/** The bits that are set in a byte. */
export function onesIn(byte: number): number {
  const pairs = byte - ((byte >>> 1) & 0x55);
  const nibbles = (pairs & 0x33) + ((pairs >>> 2) & 0x33);
  return (nibbles + (nibbles >>> 4)) & 0x0f;
}
