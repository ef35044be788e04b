/** Letters and digits with a capital inside: getUserName, HTTPServer, maxRetries2. */
const joined = /[\p{L}\p{N}]*(?:\p{Ll}\p{Lu}|\p{N}\p{Lu}\p{Ll}|\p{Lu}{2}\p{Ll}{2})[\p{L}\p{N}]*/gu;
/** What is longer is a text that lost its blanks. */
const longest = 32;
const parts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+/gu;

/**
 * The text and, behind it, the words that its identifiers are made of: "call getUserName" → "call getUserName get User
 * Name". For telling whether a text is about these words; offsets into the text stay what they were.
 */
export function withIdentifierWords(text: string): string {
  const identifiers = (text.match(joined) ?? []).filter(({ length }) => length <= longest);
  const words = identifiers.flatMap((identifier) => identifier.match(parts) ?? []);
  return words.length === 0 ? text : `${text} ${words.join(" ")}`;
}
