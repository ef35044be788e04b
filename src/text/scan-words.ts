import { type ClassOf, digit, invisible, letter, separator, unspaced } from "./characters.ts";

export type WordVisitor = (raw: string, start: number, end: number, isUnspaced: boolean) => void;

/** Finds the words of normalised text; `raw` lacks the punctuation inside a word that means nothing. */
export function scanWords(text: string, classOf: ClassOf, emit: WordVisitor): void {
  const { length } = text;
  let at = 0;
  while (at < length) {
    const codePoint = text.codePointAt(at) as number;
    const kind = classOf(codePoint);
    if (kind === separator || kind === invisible) at += codePoint > 0xffff ? 2 : 1;
    else if (kind === unspaced) at = scanUnspaced(text, at, classOf, emit);
    else at = scanSpaced(text, at, classOf, emit);
  }
}

/** Overlapping pairs of characters; a lone character is a word of its own. */
function scanUnspaced(text: string, start: number, classOf: ClassOf, emit: WordVisitor): number {
  let previous = -1;
  let at = start;
  let pairs = 0;
  while (at < text.length) {
    const codePoint = text.codePointAt(at) as number;
    if (classOf(codePoint) !== unspaced) break;
    const next = at + (codePoint > 0xffff ? 2 : 1);
    if (previous >= 0) {
      emit(text.slice(previous, next), previous, next, true);
      pairs += 1;
    }
    previous = at;
    at = next;
  }
  if (pairs === 0) emit(text.slice(start, at), start, at, true);
  return at;
}

/** The end of the run of letters, digits and invisible characters that begins at `start`. */
function endOfRun(text: string, start: number, classOf: ClassOf): number {
  let at = start;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    const isPair = unit >= 0xd800 && unit < 0xdc00;
    const kind = classOf(isPair ? (text.codePointAt(at) as number) : unit);
    if (kind !== letter && kind !== digit && kind !== invisible) break;
    at += isPair ? 2 : 1;
  }
  return at;
}

function scanSpaced(text: string, start: number, classOf: ClassOf, emit: WordVisitor): number {
  const end = endOfRun(text, start, classOf);
  const next = text.charCodeAt(end);
  if (next === fullStop || next === comma) {
    const joined =
      next === fullStop && isLetterAlone(text, start, end, classOf)
        ? scanAcronym(text, start, end, classOf, emit)
        : scanNumber(text, start, end, classOf, emit);
    if (joined > end) return joined;
  } else if (next === apostrophe || next === curlyApostrophe) {
    const joined = scanApostrophe(text, start, end, classOf, emit);
    if (joined > end) return joined;
  }
  emit(text.slice(start, end), start, end, false);
  return end;
}

const fullStop = 0x2e;
const comma = 0x2c;
const apostrophe = 0x27;
const curlyApostrophe = 0x2019;

const isLetterAlone = (text: string, start: number, end: number, classOf: ClassOf): boolean =>
  end === start + 1 && classOf(text.charCodeAt(start)) === letter;

/** `U.S.`, `e.g.`: single letters between full stops are one word. Returns `end` when it is none. */
function scanAcronym(text: string, start: number, end: number, classOf: ClassOf, emit: WordVisitor): number {
  let at = end;
  let letters = text.slice(start, end);
  while (text.charCodeAt(at) === fullStop) {
    const to = endOfRun(text, at + 1, classOf);
    if (!isLetterAlone(text, at + 1, to, classOf)) break;
    letters += text.slice(at + 1, to);
    at = to;
  }
  if (letters.length > 1) emit(letters, start, at, false);
  return letters.length > 1 ? at : end;
}

/** `3.5`, `1.2.3`, `1,000`: a point between digits stays, a comma before exactly three digits goes. */
function scanNumber(text: string, start: number, end: number, classOf: ClassOf, emit: WordVisitor): number {
  const isDigit = (at: number): boolean => at < text.length && classOf(text.charCodeAt(at)) === digit;
  let at = end;
  let number = text.slice(start, end);
  while (isDigit(at - 1) && isDigit(at + 1)) {
    const mark = text.charCodeAt(at);
    const to = endOfRun(text, at + 1, classOf);
    const isThousands = mark === comma && isDigit(at + 2) && isDigit(at + 3) && !isDigit(at + 4);
    if (mark !== fullStop && !isThousands) break;
    number += isThousands ? text.slice(at + 1, to) : text.slice(at, to);
    at = to;
  }
  if (at > end) emit(number, start, at, false);
  return at;
}

/** Articles and pronouns that French joins to the next word. */
const elision = /^(?:[cdjlmnst]|qu)$/i;

/** `John's` is `john`; `l'avion` is two words; `don't` and `O'Brien` lose the apostrophe. */
function scanApostrophe(text: string, start: number, end: number, classOf: ClassOf, emit: WordVisitor): number {
  const to = endOfRun(text, end + 1, classOf);
  const left = text.slice(start, end);
  const right = text.slice(end + 1, to);
  if (right === "" || elision.test(left)) return end;
  emit(right === "s" || right === "S" ? left : left + right, start, to, false);
  return to;
}
