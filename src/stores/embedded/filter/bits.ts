/** A set of small whole numbers. */
export interface Bits {
  readonly size: number;
  readonly words: Uint32Array;
}

const emptyBits = (size: number): Bits => ({ size, words: new Uint32Array((size + 31) >>> 5) });

export function bitsOf(size: number, members: Iterable<number>): Bits {
  const bits = emptyBits(size);
  for (const member of members) addBit(bits, member);
  return bits;
}

/** A larger set with more members; what was given stays as it is. */
export function extended(bits: Bits, size: number, members: Iterable<number>): Bits {
  const larger = emptyBits(size);
  larger.words.set(bits.words);
  for (const member of members) addBit(larger, member);
  return larger;
}

function addBit(bits: Bits, member: number): void {
  bits.words[member >>> 5]! |= 1 << (member & 31);
}

export const hasBit = (bits: Bits, member: number): boolean =>
  ((bits.words[member >>> 5] ?? 0) & (1 << (member & 31))) !== 0;

const combine = (a: Bits, b: Bits, join: (x: number, y: number) => number): Bits => ({
  size: a.size,
  words: a.words.map((word, index) => join(word, b.words[index]!)),
});

export const both = (a: Bits, b: Bits): Bits => combine(a, b, (x, y) => x & y);
export const either = (a: Bits, b: Bits): Bits => combine(a, b, (x, y) => x | y);
export const complement = (a: Bits): Bits => ({ size: a.size, words: a.words.map((word) => ~word) });
