import type { Random } from "./random.ts";

const vocabularySize = 50_000;
const consonants = "bdfgklmnprtvzj";
const vowels = "aiou";

export interface Vocabulary {
  /** A text of a length between two numbers of words, the word of rank r as often as 1/r: Zipf's law. */
  write(random: Random, least: number, most: number): readonly string[];
  /** The rank of a word, from 0: the commonest. */
  rankOf(word: string): number;
  word(rank: number): string;
}

export function zipfVocabulary(): Vocabulary {
  const syllables = [...consonants].flatMap((consonant) => [...vowels].map((vowel) => consonant + vowel));
  const words = Array.from({ length: vocabularySize }, (_, rank) => wordOf(rank, syllables));
  const table = samplingTable();
  const ranks = new Map(words.map((word, rank) => [word, rank]));
  return {
    write: (random, least, most) => {
      const length = least + Math.floor(random.uniform() * (most - least + 1));
      return Array.from({ length }, () => words[table[Math.floor(random.uniform() * table.length)]!]!);
    },
    rankOf: (word) => ranks.get(word)!,
    word: (rank) => words[rank]!,
  };
}

/** Three syllables that a permutation of the rank picks, so that common words do not begin alike. */
function wordOf(rank: number, syllables: readonly string[]): string {
  const mixed = (rank * 7919 + 13) % syllables.length ** 3;
  const at = (place: number) => syllables[Math.floor(mixed / syllables.length ** place) % syllables.length]!;
  return at(0) + at(1) + at(2);
}

/** Ranks, each as often as its probability says. */
function samplingTable(): Uint16Array {
  const table = new Uint16Array(2 ** 21);
  const total = Array.from({ length: vocabularySize }, (_, rank) => 1 / (rank + 1)).reduce((sum, p) => sum + p, 0);
  let filled = 0;
  let share = 0;
  for (let rank = 0; rank < vocabularySize; rank += 1) {
    share += 1 / (rank + 1) / total;
    const end = Math.round(share * table.length);
    table.fill(rank, filled, end);
    filled = end;
  }
  return table;
}
