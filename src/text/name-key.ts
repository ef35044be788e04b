/** Not the initial of "A. P. Hill": an article is followed by a blank and a word. */
const leadingArticle = /^\s*(?:the|an?)\s+(?=[\p{L}\p{N}])/iu;

/**
 * The normalised form of a name, by which its spellings are one: compatibility forms decomposed, marks and a bracketed
 * part removed, lower case, letters and digits joined by single blanks, a leading article dropped. "The São Paulo
 * (city)" → "sao paulo". Empty when nothing is left.
 */
export function nameKey(name: string): string {
  const bare = name.replaceAll(/\([^)]*\)|\[[^\]]*\]/g, " ").replace(leadingArticle, "");
  return nameTokens(bare).join(" ");
}

/** The tokens that keys are made of, articles included: what is matched against a dictionary of keys. */
export const nameTokens = (text: string): readonly string[] =>
  text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [];
