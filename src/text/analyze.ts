import stem from "wink-porter2-stemmer";
import { characterClasses } from "./characters.ts";
import { foldWord } from "./fold.ts";
import { normalize } from "./normalize.ts";
import { scanWords } from "./scan-words.ts";
import { englishStopWords } from "./stop-words.ts";

/** One word of a text that is searched for; stop words are left out but keep their position. */
export interface Token {
  /** What is indexed: folded and stemmed. */
  readonly term: string;
  /** The folded word before stemming. */
  readonly word: string;
  /** Offsets in code units: `text.slice(start, end)` is what stood there. */
  readonly start: number;
  readonly end: number;
  /** Number of words before it, stop words included. */
  readonly position: number;
}

/** The arguments are those of {@link Token}, in its order: no object is made per word. */
type TokenVisitor = (term: string, word: string, start: number, end: number, position: number) => void;

/**
 * Turns text into the terms that are indexed and searched. Corpus, query and the units of an answer must be analysed
 * by the same version: `fingerprint` says which.
 */
export interface Analyzer {
  readonly fingerprint: string;
  analyze(text: string): string[];
  analyzeWithOffsets(text: string): Token[];
  /** Calls `visit` for each token in the order of the text. */
  visit(text: string, visit: TokenVisitor): void;
}

/** Raise it whenever any text would be analysed differently: every index is then rebuilt. */
const version = 1;
/** Distinct words whose terms are remembered, before the memory starts anew. */
const rememberedWords = 1 << 16;

/**
 * English words are stemmed (Porter2) and 33 stop words left out; words of other alphabets are folded; scripts without
 * spaces become overlapping pairs of characters. Hyphens, slashes and underscores part words; `U.S.` is `us`, `3.5`
 * stays, `1,000` is `1000`, `John's` is `john`, `don't` is `dont`, `l'avion` is `l` and `avion`.
 */
export function englishAnalyzer(): Analyzer {
  const classOf = characterClasses();
  const termOf = rememberedTerms();

  const visit = (source: string, visitor: TokenVisitor): void => {
    const { text, offsets } = normalize(source);
    let position = 0;
    scanWords(text, classOf, (raw, from, to, isUnspaced) => {
      const start = offsets === null ? from : (offsets[from] as number);
      const end = offsets === null ? to : endOf(offsets, to);
      if (isUnspaced) {
        visitor(raw, raw, start, end, position);
      } else {
        const known = termOf(raw);
        if (known.term !== "") visitor(known.term, known.word, start, end, position);
      }
      position += 1;
    });
  };
  return {
    fingerprint: `english-porter2-${version}`,
    visit,
    analyze: (text) => {
      const terms: string[] = [];
      visit(text, (term) => terms.push(term));
      return terms;
    },
    analyzeWithOffsets: (text) => {
      const tokens: Token[] = [];
      visit(text, (term, word, start, end, position) => tokens.push({ term, word, start, end, position }));
      return tokens;
    },
  };
}

/** The original end of a word: where the next original character begins. */
function endOf(offsets: Uint32Array, to: number): number {
  const last = offsets[to - 1] as number;
  let next = to;
  while (next < offsets.length - 1 && (offsets[next] as number) <= last) next += 1;
  return offsets[next] as number;
}

interface Term {
  /** Empty for a stop word. */
  readonly term: string;
  readonly word: string;
}

const stemmable = /^[a-z]{3,40}$/;

function rememberedTerms(): (raw: string) => Term {
  const memory = new Map<string, Term>();
  return (raw) => {
    const known = memory.get(raw);
    if (known !== undefined) return known;
    const word = foldWord(raw);
    // The stemmer marks consonantal y with the digit 3, so it must see letters only.
    const stemmed = stemmable.test(word) ? stem(word) : word;
    const made = { term: englishStopWords.has(word) ? "" : stemmed, word };
    if (memory.size >= rememberedWords) memory.clear();
    memory.set(raw, made);
    return made;
  };
}
