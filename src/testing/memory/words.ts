import type { Token } from "../../text/analyze.ts";
import { mayBeMistyped } from "../../text/common-words.ts";

/** Whether one insertion, deletion, replacement or swap of neighbours turns one word into the other. */
export function isOneEditApart(a: string, b: string): boolean {
  if (a === b) return false;
  const [left, right] = [[...a], [...b]];
  if (Math.abs(left.length - right.length) > 1) return false;
  let start = 0;
  while (start < left.length && left[start] === right[start]) start++;
  const rest = (word: readonly string[], skip: number) => word.slice(start + skip).join("");
  if (left.length > right.length) return rest(left, 1) === rest(right, 0);
  if (left.length < right.length) return rest(left, 0) === rest(right, 1);
  const swapped = left[start] === right[start + 1] && left[start + 1] === right[start];
  return rest(left, 1) === rest(right, 1) || (swapped && rest(left, 2) === rest(right, 2));
}

/** Words as they are written, folded and not stemmed: their term, and how many chunks have them in this form. */
export type Vocabulary = ReadonlyMap<string, { readonly term: string; readonly chunks: number }>;

export function vocabularyOf(texts: readonly (readonly Token[])[]): Vocabulary {
  const vocabulary = new Map<string, { term: string; chunks: number }>();
  for (const tokens of texts) {
    for (const { word, term } of new Map(tokens.map((token) => [token.word, token])).values()) {
      vocabulary.set(word, { term, chunks: (vocabulary.get(word)?.chunks ?? 0) + 1 });
    }
  }
  return vocabulary;
}

/**
 * The commonest word of the corpus at edit distance 1, the first by code unit among equals. Null when there is none,
 * when the corpus has the term, and when the written word has fewer than four letters, has digits or is a common one: a
 * number that no chunk has is no typing error.
 */
export function repairOf({ word, term }: Token, vocabulary: Vocabulary): string | null {
  if (!mayBeMistyped(word) || [...vocabulary.values()].some((known) => known.term === term)) return null;
  const near = [...vocabulary].filter(([other]) => isOneEditApart(word, other));
  return near.toSorted(([a, x], [b, y]) => y.chunks - x.chunks || (a < b ? -1 : 1))[0]?.[0] ?? null;
}

/** Whether the phrase's words stand in the text as far from each other as in the phrase; stop words are any word. */
export function holdsPhrase(text: readonly Token[], phrase: readonly Token[]): boolean {
  const termAt = new Map(text.map((token) => [token.position, token.term]));
  const first = phrase[0]?.position ?? 0;
  return text.some(({ position: start }) =>
    phrase.every(({ position, term }) => termAt.get(start + position - first) === term),
  );
}
