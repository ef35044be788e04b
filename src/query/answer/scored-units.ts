import type { Analyzer } from "../../text/analyze.ts";
import { withIdentifierWords } from "../../text/identifier-words.ts";
import { nameKey } from "../../text/name-key.ts";
import { splitUnits } from "../../text/units.ts";
import type { FusedHit } from "../fusion.ts";
import { answerType, holdsAnswerType, wordsOf } from "./answer-type.ts";
import { unitWeights } from "./constants.ts";
import type { QuestionTerms } from "./question.ts";
import { wordFamilies } from "./word-families.ts";

/** A unit of a passage; offsets into the document's stored text. */
export interface ScoredUnit {
  readonly hit: FusedHit;
  /** Place among the units of its passage. */
  readonly place: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly score: number;
  /** Share of the question's weight that it covers, word by word in the order of the question's terms; 0 to 1. */
  readonly covers: readonly number[];
  /** Whether it has any word of the question itself. */
  readonly onTopic: boolean;
  /** Where the unit before it in the passage begins, null for the first. */
  readonly previousStart: number | null;
}

/**
 * Every unit of the passages with how well it may answer: the share of the question's words that it covers, how good
 * its passage is, and whether it holds the kind of thing asked for. What a unit asks stands above the next as a heading. Units that several passages share (chunks overlap)
 * stand once, in the best of them. Best first.
 */
export function scoredUnits(
  question: string,
  terms: QuestionTerms,
  passages: readonly FusedHit[],
  analyzer: Analyzer,
): readonly ScoredUnit[] {
  const familyOf = wordFamilies();
  const type = answerType(question);
  const said = wordsOf(question);
  const best = passages[0]?.score ?? 0;
  const seen = new Set<string>();
  return passages
    .flatMap((hit, index) => {
      const base = passageScore(hit, best, index);
      const heading = new Set(analyzer.analyze(withIdentifierWords(headingOf(hit))));
      return unitsOf(hit).map(({ asked, ...unit }): ScoredUnit => {
        const words = new Set(analyzer.analyze(withIdentifierWords(unit.text)));
        const above = asked === null ? heading : new Set([...heading, ...analyzer.analyze(asked)]);
        const asking = asks(unit.text) ? unitWeights.question : 0;
        const typed = type !== null && holdsAnswerType(unit.text, type, said) ? unitWeights.answerType : 0;
        const onTopic = terms.terms.some(({ term }) => words.has(term));
        const weights = termWeights(terms, words, above, familyOf);
        const covers = weights.map((weight, i) => shareOf(terms, i) * Math.min(1, weight));
        const coverage = weights.reduce((sum, weight, i) => sum + shareOf(terms, i) * weight, 0);
        return { ...unit, onTopic, covers, score: coverage + base + typed - asking };
      });
    })
    .sort((a, b) => b.score - a.score)
    .filter(({ text }) => {
      const key = text.replaceAll(/\s+/g, " ");
      return !seen.has(key) && seen.add(key);
    });
}

interface PlacedUnit extends Omit<ScoredUnit, "score" | "onTopic" | "covers"> {
  /** The unit before it, where that is a question: what is asked there stands above what is said here. */
  readonly asked: string | null;
}

function unitsOf(hit: FusedHit): readonly PlacedUnit[] {
  const { content, span, title, heading_path } = hit.candidate.chunk;
  const headings = new Set([title, ...heading_path].map(nameKey));
  const all = splitUnits(content).filter(({ kind }) => kind !== "heading");
  // Where nothing marks a heading as one, it is known by standing above the passage; a text may be nothing but its title.
  const below = all.filter(({ start, end }) => !headings.has(nameKey(content.slice(start, end))));
  const units = below.length > 0 ? below : all;
  const texts = units.map(({ start, end }) => content.slice(start, end));
  return units.map(({ start, end }, place) => ({
    hit,
    place,
    start: span.start + start,
    end: span.start + end,
    text: texts[place]!,
    previousStart: place === 0 ? null : span.start + units[place - 1]!.start,
    asked: questionIn(texts[place - 1]),
  }));
}

const questionIn = (text: string | undefined): string | null => (text !== undefined && asks(text) ? text : null);

/** A unit that asks answers nothing, however many words of the question it has. */
const asks = (text: string): boolean => /\?["”’)*_]*$/u.test(text);

/**
 * .7 · the passage's score against the best; .75 · its cosine. A fused score is moved so that an average passage keeps
 * a third of the best, as following links has already done to its own.
 */
function passageScore(hit: FusedHit, best: number, index: number): number {
  const ratio = best > 0 ? hit.score / best : 1 / (index + 1);
  const share = best > 0 && hit.graph === null ? Math.max(0, (ratio + 0.5) / 1.5) : ratio;
  return unitWeights.passage * share + unitWeights.cosine * Math.max(0, hit.candidate.cosine ?? 0);
}

function headingOf({ candidate: { chunk } }: FusedHit): string {
  const speaker = chunk.metadata["speaker"];
  return [chunk.title, ...chunk.heading_path, typeof speaker === "string" ? speaker : ""].join("\n");
}

const shareOf = ({ terms, total }: QuestionTerms, index: number): number =>
  total === 0 ? 0 : terms[index]!.idf / total;

/** How well the unit has each word of the question: 1 as it stands, else by its heading, another form or its family. */
function termWeights(
  { terms }: QuestionTerms,
  words: ReadonlySet<string>,
  heading: ReadonlySet<string>,
  familyOf: (term: string) => readonly string[],
): readonly number[] {
  return terms.map(({ term }) => {
    if (words.has(term)) return 1;
    const inHeading = heading.has(term) ? unitWeights.headingTerm : 0;
    const begins = hasSameBeginning(term, words) ? unitWeights.sameBeginning : 0;
    const family = familyOf(term).some((other) => words.has(other)) ? unitWeights.sameFamily : 0;
    return inHeading + begins + family;
  });
}

function hasSameBeginning(term: string, words: ReadonlySet<string>): boolean {
  if (term.length < 5) return false;
  const beginning = term.slice(0, 5);
  return [...words].some((word) => word.startsWith(beginning) && Math.abs(word.length - term.length) <= 4);
}
