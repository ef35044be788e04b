/**
 * Sorted strings in two arrays of shared memory: string i is the UTF-8 text `text[ends[i - 1] .. ends[i])`. Bytes are
 * ordered as code points are.
 */
export interface NameTable {
  readonly text: Buffer;
  readonly ends: Uint32Array;
}

const encoder = new TextEncoder();

export const bytesOfName = (name: string): Uint8Array => encoder.encode(name);

/** @param sorted by code point. */
export function nameTable(sorted: readonly string[]): NameTable {
  const encoded = sorted.map(bytesOfName);
  const text = Buffer.alloc(encoded.reduce((sum, bytes) => sum + bytes.length, 0));
  const ends = new Uint32Array(sorted.length);
  let at = 0;
  encoded.forEach((bytes, index) => {
    text.set(bytes, at);
    ends[index] = at += bytes.length;
  });
  return { text, ends };
}

export const startOfName = (ends: Uint32Array, index: number): number => (index === 0 ? 0 : ends[index - 1]!);

export function nameAt({ text, ends }: NameTable, index: number): string {
  return text.toString("utf8", startOfName(ends, index), ends[index]!);
}

/** The index of a name, or −1. */
export function nameIndex(table: NameTable, name: Uint8Array): number {
  const { text, ends } = table;
  const index = firstNotBelow(ends.length, (at) => compareBytes(text, startOfName(ends, at), ends[at]!, name));
  return index < ends.length && compareBytes(text, startOfName(ends, index), ends[index]!, name) === 0 ? index : -1;
}

/** The first of `count` sorted things that compares at least equal. */
export function firstNotBelow(count: number, compare: (at: number) => number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(middle) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function compareBytes(text: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const common = Math.min(end - start, other.length);
  for (let i = 0; i < common; i++) {
    const difference = text[start + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return end - start - other.length;
}

export function beginsWith(text: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (text[start + i] !== prefix[i]) return false;
  return true;
}
