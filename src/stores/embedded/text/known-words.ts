import { isWithinOneEdit } from "../../../text/edit-distance.ts";
import { type Dictionary, entryAt, lowerBound, startOf, startsWith } from "./dictionary.ts";
import { letterSignature, mayBeOneEditApart } from "./letter-signature.ts";
import { countBetween, rowsOfWord } from "./term-rows.ts";
import { ownerOf, type TextIndex, type TextPart } from "./text-index.ts";

/** A word that a tenant's living rows have. */
export interface KnownWord {
  /** Folded, before stemming. */
  readonly word: string;
  readonly term: string;
  /** Rows of the tenant that have the word in this form. */
  readonly frequency: number;
}

/** Words at edit distance one at most (swaps of neighbours count once), the commonest first. */
export const wordsWithinOneEdit = (index: TextIndex, tenant: number, word: string): KnownWord[] =>
  collect(index, tenant, (part) => similar(part, word));

/** Words that begin with `prefix`, the commonest first, at most `limit`. */
export const wordsWithPrefix = (index: TextIndex, tenant: number, prefix: string, limit: number): KnownWord[] =>
  collect(index, tenant, (part) => beginning(part, prefix)).slice(0, limit);

const dictionary = ({ segment }: TextPart): Dictionary => ({ text: segment.wordText, ends: segment.wordEnds });

/**
 * Looks at every word's length and letters, which refuses nearly all, then compares: 0.2 ms per 100,000 words, so an
 * index of deletions, many times larger than the words, is not worth having.
 */
function* similar(part: TextPart, word: string): Generator<number> {
  const words = dictionary(part);
  const { wordSignatures, wordEnds } = part.segment;
  const signature = letterSignature(word);
  for (let index = 0; index < wordEnds.length; index += 1) {
    if (!mayBeOneEditApart(wordSignatures[index] as number, signature)) continue;
    const length = (wordEnds[index] as number) - startOf(wordEnds, index);
    if (Math.abs(length - word.length) <= 1 && isWithinOneEdit(entryAt(words, index), word)) yield index;
  }
}

function* beginning(part: TextPart, prefix: string): Generator<number> {
  const words = dictionary(part);
  for (let index = lowerBound(words, prefix); index < words.ends.length; index += 1) {
    if (!startsWith(words, index, prefix)) return;
    yield index;
  }
}

/** Adds the parts up; words that no living row of the tenant has do not exist. */
function collect(index: TextIndex, tenant: number, find: (part: TextPart) => Iterable<number>): KnownWord[] {
  const found = new Map<string, KnownWord>();
  for (const part of index.parts) {
    const owner = ownerOf(part, tenant);
    if (owner < 0) continue;
    const { termText: text, termEnds: ends, wordTerms } = part.segment;
    for (const at of find(part)) {
      const { rows, start, end } = rowsOfWord(part.segment, at);
      const count = countBetween(part, owner, rows, start, end);
      if (count === 0) continue;
      const word = entryAt(dictionary(part), at);
      const frequency = count + (found.get(word)?.frequency ?? 0);
      found.set(word, { word, term: entryAt({ text, ends }, wordTerms[at] as number), frequency });
    }
  }
  return [...found.values()].sort((a, b) => b.frequency - a.frequency || (a.word < b.word ? -1 : 1));
}
