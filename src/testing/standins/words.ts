/** Word handling of the stand-ins: simple, deterministic and independent of the product's own analysis. */

const common = new Set(
  (
    "a an and are as at be by do does did for from has have how i in is it its of on or that the their this to was were " +
    "what when where which who why will with you your"
  ).split(" "),
);

export const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Content words, with a plural's s and other short endings taken off. */
export const stems = (text: string): string[] =>
  words(text)
    .filter((word) => !common.has(word))
    .map((word) => (word.length > 4 ? word.replace(/(?:ies|es|s|ed|ing)$/, "") : word));

/** What the stand-ins charge: about four letters a token, one token a character outside the Latin script. */
export function countTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(/[\p{Script=Latin}\p{M}\p{N}]+|[^\s]/gu)) tokens += Math.ceil(piece.length / 5.5);
  return tokens;
}

/** Share of the question's content words, weighted by rarity among the texts, that each text holds: 0 to 1. */
export function coverage(question: string, texts: readonly string[]): number[] {
  const asked = [...new Set(stems(question))];
  const held = texts.map((text) => new Set(stems(text)));
  const weight = (word: string): number =>
    Math.log(1 + (texts.length + 0.5) / (0.5 + held.filter((set) => set.has(word)).length));
  const weights = asked.map(weight);
  const whole = weights.reduce((sum, value) => sum + value, 0);
  return held.map((set) =>
    whole === 0 ? 0 : asked.reduce((sum, word, i) => sum + (set.has(word) ? (weights[i] ?? 0) : 0), 0) / whole,
  );
}

/** FNV-1a, 32 bits. */
export function hash(text: string, seed = 0): number {
  let value = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  value ^= value >>> 15;
  value = Math.imul(value, 0x2c1b3c6d) >>> 0;
  return (value ^ (value >>> 12)) >>> 0;
}
