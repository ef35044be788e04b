/** A sorted list of strings in two arrays: string i is `text[ends[i - 1] .. ends[i])`, sorted by UTF-16 code unit. */
export interface Dictionary {
  readonly text: Uint16Array;
  readonly ends: Uint32Array;
}

export function dictionaryOf(sorted: readonly string[]): Dictionary {
  const ends = new Uint32Array(sorted.length);
  let length = 0;
  for (let i = 0; i < sorted.length; i += 1) ends[i] = length += (sorted[i] as string).length;
  const text = new Uint16Array(length);
  let at = 0;
  for (const entry of sorted) for (let i = 0; i < entry.length; i += 1) text[at++] = entry.charCodeAt(i);
  return { text, ends };
}

/** Where entry `index` begins in an array of ends. */
export const startOf = (ends: Uint32Array, index: number): number => (index === 0 ? 0 : (ends[index - 1] as number));

export function entryAt({ text, ends }: Dictionary, index: number): string {
  return String.fromCharCode(...text.subarray(startOf(ends, index), ends[index]));
}

/** The index of `entry`, or -1. */
export function indexOf(dictionary: Dictionary, entry: string): number {
  const index = lowerBound(dictionary, entry);
  return index < dictionary.ends.length && compareAt(dictionary, index, entry) === 0 ? index : -1;
}

/** The first index whose string is not below `entry`. */
export function lowerBound(dictionary: Dictionary, entry: string): number {
  let low = 0;
  let high = dictionary.ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(dictionary, middle, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function startsWith({ text, ends }: Dictionary, index: number, prefix: string): boolean {
  const start = startOf(ends, index);
  if ((ends[index] as number) - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i += 1) if (text[start + i] !== prefix.charCodeAt(i)) return false;
  return true;
}

function compareAt({ text, ends }: Dictionary, index: number, entry: string): number {
  const start = startOf(ends, index);
  const length = (ends[index] as number) - start;
  const common = Math.min(length, entry.length);
  for (let i = 0; i < common; i += 1) {
    const difference = (text[start + i] as number) - entry.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return length - entry.length;
}
