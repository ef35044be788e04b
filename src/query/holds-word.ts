const ascii = /^\p{ASCII}*$/u;

/** As `holdsWord` looks at it: lower case, without marks. */
export function foldText(text: string): string {
  const plain = ascii.test(text) ? text : text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return plain.toLowerCase();
}

const letter = /\p{L}/u;
const digit = /\p{N}/u;

/** Whether a folded text has a word, as `nameParts` parts words: letters end where digits begin. */
export function holdsWord(text: string, word: string): boolean {
  const kind = digit.test(word) ? digit : letter;
  const isPart = (at: number) => at >= 0 && at < text.length && kind.test(text[at]!);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(at - 1) && !isPart(at + word.length)) return true;
  }
  return false;
}
