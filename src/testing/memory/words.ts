import { compareText } from "../../filter/matches.ts";
import type { Token } from "../../text/analyze.ts";

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

/**
 * The commonest term of the corpus at edit distance 1, the first by code point among equals. Null when there is none,
 * when the corpus has the term, and when the written word has fewer than four letters.
 */
export function repairOf({ word, term }: Token, frequencies: ReadonlyMap<string, number>): string | null {
  if ([...word].length < 4 || frequencies.has(term)) return null;
  const near = [...frequencies].filter(([other]) => isOneEditApart(term, other));
  return near.toSorted(([a, x], [b, y]) => y - x || compareText(a, b))[0]?.[0] ?? null;
}

/** Whether the phrase's words stand in the text as far from each other as in the phrase; stop words are any word. */
export function holdsPhrase(text: readonly Token[], phrase: readonly Token[]): boolean {
  const termAt = new Map(text.map((token) => [token.position, token.term]));
  const first = phrase[0]?.position ?? 0;
  return text.some(({ position: start }) =>
    phrase.every(({ position, term }) => termAt.get(start + position - first) === term),
  );
}
