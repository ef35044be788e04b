const pieces = /[\p{Script=Latin}\p{M}]+|\p{N}{1,3}|[^\S\n]*\n|[^\s\p{Script=Latin}\p{N}]/gu;

/**
 * An estimate of a byte-pair tokenizer's count, on the high side so that a request packed by it fits: about 4.5
 * letters a token in Latin script, one token for three digits, one for each other character.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(pieces)) tokens += Math.ceil(piece.length / 6) + (piece.length > 9 ? 1 : 0);
  return Math.ceil(tokens * 1.1);
}
