/**
 * Texts as two arrays that move between threads without being copied: text i is the UTF-8 `bytes[ends[i - 1] ..
 * ends[i])`.
 */
export interface TextList {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

export function textList(texts: readonly string[]): TextList {
  const bytes = Buffer.from(texts.join(""));
  const ends = new Uint32Array(texts.length);
  let at = 0;
  texts.forEach((text, index) => (ends[index] = at += Buffer.byteLength(text)));
  // A buffer of Node may lie in a pool that others use.
  return { bytes: Uint8Array.from(bytes), ends };
}

export function textAt({ bytes, ends }: TextList, index: number): string {
  const start = index === 0 ? 0 : ends[index - 1]!;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, ends[index]! - start).toString();
}
