/** What a character is to the tokeniser. */
export const separator = 1;
export const letter = 2;
export const digit = 3;
/** Written without spaces between words: Han, kana, Hangul, Thai, Lao, Khmer, Burmese. */
export const unspaced = 4;
/** Belongs to the word around it and is not seen: soft hyphen, joiners. */
export const invisible = 5;

const word = /^[\p{L}\p{N}\p{M}]$/u;
const decimal = /^\p{Nd}$/u;
const unspacedScript =
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]$/u;
const invisibleCharacter = /^(?:\u00ad|\u200c|\u200d|\u2060|\ufeff)$/;
const combiningMark = /^[\u0300-\u036f]$/;

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (invisibleCharacter.test(character)) return invisible;
  if (!word.test(character)) return separator;
  if (combiningMark.test(character)) return letter;
  if (unspacedScript.test(character)) return unspaced;
  return decimal.test(character) ? digit : letter;
}

export type ClassOf = (codePoint: number) => number;

/** Classifies code points; each is looked up in Unicode's tables once. */
export function characterClasses(): ClassOf {
  const known = new Uint8Array(0x10000);
  return (codePoint) => {
    if (codePoint > 0xffff) return classify(codePoint);
    const found = known[codePoint] as number;
    if (found !== 0) return found;
    return (known[codePoint] = classify(codePoint));
  };
}
