/**
 * BM25 as Lucene computes it: idf = ln(1 + (N − n + .5) / (n + .5)), and for each word of the query
 * idf · tf / (tf + k1 · (1 − b + b · length / average length)). Plain loops; engines are tested against it.
 */
export interface Field {
  /** The words of this field in every chunk of the corpus, in one order for all fields. */
  readonly texts: readonly (readonly string[])[];
  readonly b: number;
  readonly weight: number;
}

const k1 = 0.9;

/** What a chunk's body and title count; fitted on judged collections. */
export const bodyField = { b: 0.4, weight: 1 };
export const titleField = { b: 0.3, weight: 0.2 };

/**
 * One score per text of the corpus: the weighted sum over the fields.
 *
 * @param words groups of equivalents: a group scores as the best of its words does.
 */
export function bm25(fields: readonly Field[], words: readonly (readonly string[])[]): readonly number[] {
  const size = fields[0]?.texts.length ?? 0;
  const scores = Array.from({ length: size }, () => 0);
  for (const group of words) {
    const best = Array.from({ length: size }, () => 0);
    for (const word of group) {
      wordScores(fields, word).forEach((score, index) => {
        best[index] = Math.max(best[index]!, score);
      });
    }
    best.forEach((score, index) => {
      scores[index]! += score;
    });
  }
  return scores;
}

function wordScores(fields: readonly Field[], word: string): readonly number[] {
  const scores = Array.from({ length: fields[0]?.texts.length ?? 0 }, () => 0);
  for (const { texts, b, weight } of fields) {
    const averageLength = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
    const frequencies = texts.map((text) => text.filter((other) => other === word).length);
    const holding = frequencies.filter((frequency) => frequency > 0).length;
    const idf = Math.log(1 + (texts.length - holding + 0.5) / (holding + 0.5));
    frequencies.forEach((tf, index) => {
      if (tf === 0) return;
      const norm = k1 * (1 - b + (b * texts[index]!.length) / averageLength);
      scores[index]! += (weight * idf * tf) / (tf + norm);
    });
  }
  return scores;
}
