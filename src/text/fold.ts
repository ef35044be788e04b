/** Latin letters that carry no separable accent, as people type them without a special keyboard. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ı: "i",
};
const specialLetter = /[ßæœøđðþłı]/g;
/** Accents are dropped after Latin and Greek letters only: in other scripts marks are vowels or make another letter. */
const accent = /(?<=[\p{Script=Latin}\p{Script=Greek}][\u0300-\u036f]*)[\u0300-\u036f]/gu;
const ignorable = /\u00ad|\u200c|\u200d|\u2060|\ufeff/g;
const ascii = /^\p{ASCII}*$/u;

/** A word as it is looked up: lower case, no accents on Latin and Greek letters, no invisible characters. */
export function foldWord(word: string): string {
  const lower = word.toLowerCase();
  if (ascii.test(lower)) return lower;
  return lower
    .replace(ignorable, "")
    .normalize("NFD")
    .replace(accent, "")
    .normalize("NFC")
    .replace(specialLetter, (letter) => plainLetters[letter] ?? letter)
    .replaceAll("ς", "σ");
}
