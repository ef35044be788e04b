/**
 * WordPiece as BERT defines it, with the ids of the reference implementation: control characters dropped, CJK
 * characters set apart, accents stripped and case folded where the model asks for it, punctuation split off, longest
 * piece first. Special tokens written in a text ("[SEP]") are plain words here, so a document cannot forge one.
 * @see https://github.com/google-research/bert/blob/master/tokenization.py
 */
import type { TokenizerFile } from "./tokenizer-file.ts";

export interface Tokenizer {
  /** Tokens of the text alone, without the two that frame it. Linear in time; nothing is cut. */
  count(text: string): number;
  /** Ids framed by [CLS] and [SEP], at most `limit` in all; what lies behind is not even looked at. */
  encode(text: string, limit: number): Int32Array;
}

/** Words remembered with their pieces; beyond it the memory starts afresh. */
const rememberedWords = 50_000;

export function createTokenizer(file: TokenizerFile): Tokenizer {
  const pieces = wordPieces(file);
  const known = new Map<string, readonly number[]>();
  const piecesOf = (segment: string): readonly number[] => {
    const found = known.get(segment);
    if (found !== undefined) return found;
    const ids = normalizedWords(segment, file).flatMap(pieces);
    if (known.size >= rememberedWords) known.clear();
    if (segment.length <= 64) known.set(segment, ids);
    return ids;
  };
  return {
    count(text) {
      let count = 0;
      forEachSegment(text, (segment) => {
        count += piecesOf(segment).length;
        return true;
      });
      return count;
    },
    encode(text, limit) {
      const ids: number[] = [file.cls];
      forEachSegment(text, (segment) => {
        for (const id of piecesOf(segment)) ids.push(id);
        return ids.length < limit - 1;
      });
      ids.length = Math.min(ids.length, limit - 1);
      return Int32Array.from([...ids, file.sep]);
    },
  };
}

const SPACE = 0;
const MARK = 1;
const OTHER = 2;

/** The ASCII characters that end a segment: the four blanks that BERT knows, and its punctuation. */
const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (" \t\n\r".includes(character)) return SPACE;
  return /[!-/:-@[-`{-~]/.test(character) ? MARK : OTHER;
});

/**
 * Cuts at ASCII blanks and punctuation only; `visit` answers whether to go on. Every other rule works inside such a
 * segment, because decomposition never joins across an ASCII character.
 */
function forEachSegment(text: string, visit: (segment: string) => boolean): void {
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? asciiClasses[code]! : OTHER;
    if (kind === OTHER) continue;
    if (at > start && !visit(text.slice(start, at))) return;
    if (kind === MARK && !visit(text[at]!)) return;
    start = at + 1;
  }
  if (start < text.length) visit(text.slice(start));
}

const dropped = /[\0\uFFFD\p{Cf}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc}/gu;
const ideographs =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
const accents = /\p{Mn}/gu;
const words = /[!-/:-@[-`{-~\p{P}]|[^\s!-/:-@[-`{-~\p{P}]+/gu;
const plain = /^[!-~]+$/;

function normalizedWords(segment: string, file: TokenizerFile): readonly string[] {
  if (plain.test(segment)) return [file.lowercase ? segment.toLowerCase() : segment];
  let text = segment.replace(dropped, "");
  if (file.spaceIdeographs) text = text.replace(ideographs, " $& ");
  if (file.stripAccents) text = text.normalize("NFD").replace(accents, "");
  if (file.lowercase) text = lowerEach(text);
  return text.match(words) ?? [];
}

/** Character by character: the whole-string form would turn a final sigma into another letter. */
const lowerEach = (text: string): string => Array.from(text, (character) => character.toLowerCase()).join("");

/** The longest known piece first; a word with a part that has none is unknown as a whole. */
function wordPieces(file: TokenizerFile): (word: string) => readonly number[] {
  return (word) => {
    const whole = file.vocabulary.get(word);
    if (word.length > file.maxWordCharacters && Array.from(word).length > file.maxWordCharacters) return [file.unknown];
    if (whole !== undefined) return [whole];
    const ids: number[] = [];
    for (let start = 0; start < word.length;) {
      const prefix = start === 0 ? "" : file.continuation;
      let end = Math.min(word.length, start + file.longestPiece);
      let id: number | undefined;
      for (; end > start; end--) {
        id = file.vocabulary.get(prefix + word.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return [file.unknown];
      ids.push(id);
      start = end;
    }
    return ids;
  };
}
