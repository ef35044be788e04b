import { randomFrom } from "./random.ts";
import { vectorMaker } from "./vectors.ts";
import { zipfVocabulary } from "./words.ts";

/** Raise it whenever the corpus changes: kept indexes of another version are made again. */
export const corpusVersion = 1;

export interface Passage {
  readonly id: string;
  readonly document: number;
  readonly content: string;
  readonly vector: Float32Array;
  /** One of a hundred. */
  readonly group: string;
  /** One of ten. */
  readonly category: string;
  /** ISO 8601, within the two years 2024 and 2025. */
  readonly time: string;
}

/** Five words that stand side by side in a passage, as a question holds common words too. */
export interface Question {
  readonly text: string;
  readonly vector: Float32Array;
  readonly group: string;
  readonly category: string;
}

/** Category and time that together keep one passage in two hundred. */
export const recent = { from: "2025-11-25T12:00:00.000Z" };

export const perDocument = 5;
const firstMoment = Date.UTC(2024, 0, 1);
const twoYears = Date.UTC(2026, 0, 1) - firstMoment;

const commonWords = 1000;
const namesPerPassage = 8;
const titles = 20_000;

export interface Corpus {
  readonly size: number;
  passage(index: number): Passage;
  question(index: number): Question;
  /** Words that are rare enough to be names, each once, in the order of the text. */
  namesIn(content: string): readonly string[];
  /** The name that a document is about; other passages mention it as they happen to. */
  titleOf(document: number): string;
}

/** The same passages in every process: each is a function of its number. */
export function corpusOf(size: number): Corpus {
  const { write, rankOf, word } = zipfVocabulary();
  const vectorOf = vectorMaker();
  const passage = (index: number): Passage => {
    const random = randomFrom(100_000 + index);
    const document = Math.floor(index / perDocument);
    const about = randomFrom(50_000_000 + document);
    return {
      id: `p${index}`,
      document,
      content: write(random, 90, 150).join(" "),
      vector: vectorOf(random),
      group: `g${Math.floor(about.uniform() * 100)}`,
      category: `c${Math.floor(about.uniform() * 10)}`,
      time: new Date(firstMoment + Math.floor(about.uniform() * twoYears)).toISOString(),
    };
  };
  return {
    size,
    passage,
    namesIn: (content) =>
      [...new Set(content.split(" "))].filter((one) => rankOf(one) >= commonWords).slice(0, namesPerPassage),
    titleOf: (document) => word(commonWords + ((document * 37) % titles)),
    question: (index) => {
      const random = randomFrom(900_000_000 + index);
      const { content, group, category } = passage(Math.floor(random.uniform() * size));
      const words = content.split(" ");
      const start = Math.floor(random.uniform() * (words.length - 5));
      return { text: words.slice(start, start + 5).join(" "), vector: vectorOf(random), group, category };
    },
  };
}
