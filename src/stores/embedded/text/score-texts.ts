/** The constants of BM25: Robertson and Zaragoza 2009, section 3. */
export interface FieldWeights {
  readonly k1: number;
  readonly b: number;
}

export const contentWeights: FieldWeights = { k1: 0.9, b: 0.4 };

/**
 * BM25 of a few analysed texts for a question, without an index:
 * Σ over the distinct words of ln(1 + (N − n + .5) / (n + .5)) · tf / (tf + k1 · (1 − b + b · length / average)).
 *
 * @returns a score per text, 0 where no word stands.
 */
export function scoreTexts(
  texts: readonly (readonly string[])[],
  words: readonly string[],
  { k1, b }: FieldWeights,
): readonly number[] {
  const average = texts.reduce((sum, text) => sum + text.length, 0) / Math.max(1, texts.length);
  const counts = texts.map(countWords);
  const weighed = [...new Set(words)].map((word) => {
    const holding = counts.filter((count) => count.has(word)).length;
    return { word, idf: Math.log(1 + (texts.length - holding + 0.5) / (holding + 0.5)) };
  });
  return texts.map((text, index) => {
    const norm = k1 * (1 - b + (b * text.length) / average);
    return weighed.reduce((sum, { word, idf }) => {
      const tf = counts[index]!.get(word) ?? 0;
      return tf === 0 ? sum : sum + (idf * tf) / (tf + norm);
    }, 0);
  });
}

function countWords(text: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
