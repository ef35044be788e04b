/** Not the initial of "A. P. Hill": an article is followed by a blank and a word. */
const leadingArticle = /^\s*(?:the|an?)\s+(?=[\p{L}\p{N}])/iu;

/**
 * The normalised form of a name, by which its spellings are one: compatibility forms decomposed, marks and a bracketed
 * part removed, lower case, letters and digits joined by single blanks, a leading article dropped. The
 * words of an identifier stay joined by their underscores. "The São Paulo
 * (city)" → "sao paulo". Empty when nothing is left.
 */
export function nameKey(name: string): string {
  const bare = name.replaceAll(/\([^)]*\)|\[[^\]]*\]/g, " ").replace(leadingArticle, "");
  return nameTokens(bare).join(" ");
}

/** The key with what stands in brackets; null for a name without: "Mercury (planet)" → "mercury planet". */
export function bracketedKey(name: string): string | null {
  const whole = nameKey(name.replaceAll(/[()[\]]/g, " "));
  return whole === nameKey(name) ? null : whole;
}

/** The tokens that keys are made of, articles included: what is matched against a dictionary of keys. */
export const nameTokens = (text: string): readonly string[] =>
  (text.normalize("NFKD").replaceAll(/\p{M}/gu, "").match(word) ?? [])
    .flatMap((joined) => (isJoinedWord(joined) ? [joined] : joined.split("_")))
    .map((token) => token.toLowerCase());

const word = /[\p{L}\p{N}]+(?:_[\p{L}\p{N}]+)*/gu;

/** Underscores make one word of an identifier ("MAX_SAFE_INTEGER"), and stand for blanks in a name ("Peter_Jackson"). */
export const isJoinedWord = (text: string): boolean => text.includes("_") && !/(?:^|_)\p{Lu}\p{Ll}/u.test(text);
