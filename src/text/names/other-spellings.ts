import { nameKey } from "../name-key.ts";

/**
 * Normalised names that people also write for this one: without its possessive, "and" for "&", initials joined or apart
 * ("JRR Tolkien", "U.S.A."), numerals of either kind ("World War 2"). The likeliest first, the name itself not among
 * them. They are looked up where the name as written is unknown, so none takes the place of an entity.
 */
export function otherSpellings(name: string): readonly string[] {
  const bases = [name, name.trim().replace(/['’]s?$/u, "")];
  const keys = bases.flatMap((one) => {
    const key = nameKey(one);
    const numbered = swappedNumerals(key);
    return [key, withoutAnd(key), joinedInitials(key), spreadInitials(one), numbered, withoutAnd(numbered)];
  });
  return [...new Set(keys)].filter((key) => key !== "" && key !== nameKey(name));
}

/** "&" is no part of a key, and "and" is one. */
const withoutAnd = (key: string): string => key.replaceAll(/(?<=\S) and (?=\S)/g, " ");

/** "j r r tolkien" → "jrr tolkien", "u s a" → "usa". */
const joinedInitials = (key: string): string =>
  key.replaceAll(/(?<!\S)\p{L}(?: \p{L})+(?!\S)/gu, (letters) => letters.replaceAll(" ", ""));

const mostInitials = 4;

/** "JRR Tolkien" → "j r r tolkien": the first word, where it is short enough for initials. */
function spreadInitials(name: string): string {
  const [first = "", ...rest] = nameKey(name).split(" ");
  const isShort = /^\p{Ll}{2,}$/u.test(first) && first.length <= mostInitials;
  return isShort ? [...first, ...rest].join(" ") : "";
}

const romans = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split(" ");

/** The last numeral of a name that does not begin with it: "louis xiv" ↔ "louis 14". */
function swappedNumerals(key: string): string {
  const words = key.split(" ");
  const at = words.findLastIndex((word, index) => index > 0 && (romans.includes(word) || /^\d{1,2}$/.test(word)));
  if (at === -1) return "";
  const roman = romans.indexOf(words[at]!);
  const swapped = roman === -1 ? romans[Number(words[at]) - 1] : String(roman + 1);
  return swapped === undefined ? "" : words.with(at, swapped).join(" ");
}
