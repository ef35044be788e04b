import stem from "wink-porter2-stemmer";
import { englishStopWords } from "../../../text/stop-words.ts";
import { notImplemented } from "../fault.ts";

/** A term with its position; a gap in the positions is a stop word. */
export interface Term {
  readonly text: string;
  readonly position: number;
}

export type SearchAnalyzer = (text: string) => readonly Term[];

// Words by UAX #29 as Lucene's StandardTokenizer cuts them, ideographs and Hiragana one by one.
const words =
  /[\p{Script=Han}\p{Script=Hiragana}]|(?:[\p{L}\p{N}\p{M}\p{Pc}](?:(?<=\p{L})['’.:·](?=\p{L})|(?<=\p{N})[,.;'](?=\p{N}))?)+/gu;

const standardTerms = (text: string): readonly Term[] =>
  (text.match(words) ?? []).map((word, position) => ({ text: word.toLowerCase(), position }));

const stemmable = /^[a-z]{3,40}$/;

/**
 * Lucene's English chain: possessives off, 33 stop words out, stemmed. Lucene stems with the first Porter algorithm,
 * this server with Porter2: they differ on a few words in a hundred ("dying", "generously").
 */
const englishTerms = (text: string): readonly Term[] =>
  standardTerms(text).flatMap((term) => {
    const word = term.text.replace(/['’]s$/u, "");
    if (englishStopWords.has(word)) return [];
    return { text: stemmable.test(word) ? stem(word) : word, position: term.position };
  });

const analyzers: Readonly<Record<string, SearchAnalyzer>> = {
  "lucene.standard": standardTerms,
  "lucene.english": englishTerms,
  "lucene.whitespace": (text) =>
    text
      .split(/\s+/u)
      .filter((word) => word !== "")
      .map((word, position) => ({ text: word, position })),
  "lucene.simple": (text) =>
    (text.match(/\p{L}+/gu) ?? []).map((word, position) => ({ text: word.toLowerCase(), position })),
  "lucene.keyword": (text) => (text === "" ? [] : [{ text, position: 0 }]),
};

export function analyzerNamed(name: string): SearchAnalyzer {
  const analyzer = analyzers[name];
  if (!analyzer) throw notImplemented(`the analyzer ${name}`);
  return analyzer;
}
