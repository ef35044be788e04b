/** One bit for each of 32 classes of characters that a word has. One edit changes two bits at most. */
export function letterSignature(word: string): number {
  let bits = 0;
  for (let i = 0; i < word.length; i += 1) bits |= 1 << (word.charCodeAt(i) & 31);
  return bits >>> 0;
}

/** Whether the words behind two signatures may be one edit apart: a swift test that refuses nearly all others. */
export function mayBeOneEditApart(a: number, b: number): boolean {
  const different = a ^ b;
  const withoutLowest = different & (different - 1);
  return (withoutLowest & (withoutLowest - 1)) === 0;
}
