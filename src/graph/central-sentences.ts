import type { Chunk, Mention } from "../records.ts";
import { nameKey, nameTokens } from "../text/name-key.ts";
import { splitUnits, type Unit } from "../text/units.ts";

/** A readable passage of a community. */
export interface CommunityPassage {
  readonly chunk: Chunk;
  readonly mentions: readonly Mention[];
}

/** Word for word out of its chunk, at these UTF-16 offsets of the document's stored text. */
export interface CentralSentence {
  readonly chunk: Chunk;
  readonly quote: string;
  readonly start: number;
  readonly end: number;
}

/** Shorter ones seldom say anything. */
const shortest = 30;
/** The share of a sentence that its words make. */
const leastLetters = 0.75;
const leastProse = 20;

interface Candidate {
  readonly sentence: CentralSentence;
  readonly isProse: boolean;
  /** Not made of tags. */
  readonly isText: boolean;
  readonly names: readonly string[];
}

/**
 * The sentences that say most about a community: each time the one whose names, as far as none before it had them, are
 * joined most strongly to the others. Of equals the one of the better passage, and the earlier, comes first. List items
 * and rows of tables stand in where no sentence has a name; where nothing has one (a title has them all), the first
 * piece stands for its passage. What is made of tags is shown only where there is nothing else.
 */
export function centralSentences(
  passages: readonly CommunityPassage[],
  weights: ReadonlyMap<string, number>,
  count: number,
): readonly CentralSentence[] {
  const candidates = passages.flatMap((passage) => candidatesOf(passage, weights));
  const [prose, text] = [candidates.filter((one) => one.isProse), candidates.filter((one) => one.isText)];
  const chosen = [prose, text].map((from) => strongest(from, weights, count)).find((found) => found.length > 0);
  const first = (text.length > 0 ? text : candidates).slice(0, Math.min(count, 1));
  return (chosen ?? first).map(({ sentence }) => sentence);
}

function strongest(candidates: readonly Candidate[], weights: ReadonlyMap<string, number>, count: number) {
  const covered = new Set<string>();
  const gainOf = ({ names }: Candidate): number =>
    names.reduce((sum, name) => sum + (covered.has(name) ? 0 : weights.get(name)!), 0);
  const chosen: Candidate[] = [];
  while (chosen.length < count) {
    let best: Candidate | undefined;
    let most = 0;
    for (const candidate of candidates) {
      const gain = gainOf(candidate);
      if (gain > most) [best, most] = [candidate, gain];
    }
    if (!best) break;
    chosen.push(best);
    for (const name of best.names) covered.add(name);
  }
  return chosen;
}

function candidatesOf({ chunk, mentions }: CommunityPassage, weights: ReadonlyMap<string, number>): Candidate[] {
  const written = mentions
    .filter(({ entity }) => weights.has(entity))
    .map(({ entity, name }) => ({ entity, words: ` ${nameKey(name)} ` }));
  return splitUnits(chunk.content)
    .filter((unit) => unit.kind !== "heading" && unit.end - unit.start >= shortest)
    .map((unit) => {
      const sentence = sentenceOf(chunk, unit);
      const words = ` ${nameTokens(sentence.quote).join(" ")} `;
      const named = written.filter((name) => words.includes(name.words));
      return {
        sentence,
        isProse: unit.kind === "sentence" && isProse(sentence.quote),
        isText: !/<\/?\w+[^>]*>/.test(sentence.quote),
        names: [...new Set(named.map(({ entity }) => entity))],
      };
    });
}

/** Whole words make most of it: no code, no bare address, no list of links, no heading that ran into a sentence. */
function isProse(quote: string): boolean {
  const text = quote.replaceAll(/\]\([^)\s]*\)|https?:\/\/\S+/g, " ");
  const words = text.match(/(?<![\p{L}\p{N}_./$-])\p{L}[\p{L}\p{M}’'-]*(?![\p{L}\p{N}_/$-])/gu) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  const isWritten = letters >= leastLetters * text.replaceAll(/\s/g, "").length && letters >= leastProse;
  return isWritten && /[.!?…。！？][)"'”’»\]*_]*$/u.test(quote) && !/[{}]|=>|\/\/ |;\s*$|^\s*[>|#]/.test(text);
}

const sentenceOf = (chunk: Chunk, { start, end }: Unit): CentralSentence => ({
  chunk,
  quote: chunk.content.slice(start, end),
  start: chunk.span.start + start,
  end: chunk.span.start + end,
});
