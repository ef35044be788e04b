/** Numbers words and their terms as they come. */
export interface Lexicon {
  readonly words: readonly string[];
  readonly terms: readonly string[];
  /** Per word: its term. */
  readonly termOf: readonly number[];
  idOf(word: string, term: string): number;
}

export function createLexicon(): Lexicon {
  const wordIds = new Map<string, number>();
  const termIds = new Map<string, number>();
  const words: string[] = [];
  const terms: string[] = [];
  const termOf: number[] = [];
  const idOfTerm = (term: string): number => {
    const known = termIds.get(term);
    if (known !== undefined) return known;
    termIds.set(term, terms.length);
    return terms.push(term) - 1;
  };
  const idOf = (word: string, term: string): number => {
    const known = wordIds.get(word);
    if (known !== undefined) return known;
    wordIds.set(word, words.length);
    termOf.push(idOfTerm(term));
    return words.push(word) - 1;
  };
  return { words, terms, termOf, idOf };
}
