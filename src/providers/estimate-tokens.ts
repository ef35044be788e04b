const kinds = { letter: 0, digit: 1, newline: 2, space: 3, other: 4 } as const;

const slowKindOf = (character: string): number => {
  if (/[\p{Script=Latin}\p{M}]/u.test(character)) return kinds.letter;
  if (/\p{N}/u.test(character)) return kinds.digit;
  if (character === "\n") return kinds.newline;
  return /\s/u.test(character) ? kinds.space : kinds.other;
};

/** Most characters of most texts, looked up. */
const asciiKinds = Uint8Array.from({ length: 128 }, (_, code) => slowKindOf(String.fromCharCode(code)));

const kindAt = (text: string, at: number): number =>
  asciiKinds[text.charCodeAt(at)] ?? slowKindOf(String.fromCodePoint(text.codePointAt(at)!));

const after = (text: string, at: number): number => at + (text.codePointAt(at)! > 0xff_ff ? 2 : 1);

/** The end of what is of this kind from `start` on, or of so many characters of it. */
function endOf(kind: number, text: string, start: number, most = Infinity): number {
  let end = start;
  for (let count = 0; count < most && end < text.length && kindAt(text, end) === kind; count++) end = after(text, end);
  return end;
}

/**
 * An estimate of a byte-pair tokenizer's count, on the high side so that a request packed by it fits: about 4.5
 * letters a token in Latin script, one token for three digits, one for each other character and for a line's end with
 * the blanks before it.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (let at = 0; at < text.length;) {
    const kind = kindAt(text, at);
    const start = at;
    if (kind === kinds.letter) at = endOf(kind, text, at);
    else if (kind === kinds.digit) at = endOf(kind, text, at, 3);
    else if (kind === kinds.space) {
      at = endOf(kind, text, at);
      if (text[at] !== "\n") continue;
      at++;
    } else at = after(text, at);
    const length = at - start;
    tokens += Math.ceil(length / 6) + (length > 9 ? 1 : 0);
  }
  return Math.ceil(tokens * 1.1);
}
