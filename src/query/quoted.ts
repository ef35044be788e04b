import type { ChunkName } from "../ports/chunk-store.ts";
import type { FusedHit } from "./fusion.ts";

const marks = /(?<=^|[\s([])(?:"([^"]+)"|“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»)(?=$|[\s)\],.;:?!])/gu;
const word = /[\p{L}\p{N}]+/gu;
const mostPhrases = 5;

/**
 * What stands in quotation marks, as it is searched for word by word: two words at least, since one word is searched
 * for anyway and inches are no quotation. Five at most.
 */
export function quotedPhrases(query: string): readonly string[] {
  const phrases = [...query.matchAll(marks)].map((match) => (match.slice(1).find(Boolean) ?? "").trim());
  return [...new Set(phrases)].filter((phrase) => (phrase.match(word) ?? []).length > 1).slice(0, mostPhrases);
}

/** Words of a question; what is longer is a text, which quotes in passing. */
const longestQuestion = 30;

/**
 * How far hits that hold the phrases rise. In a question they come first (1); a longer text quotes titles in passing, so
 * there it is three times the part of it that is quoted.
 */
export function quotedStrength(query: string, phrases: readonly string[]): number {
  const count = (text: string) => (text.match(word) ?? []).length;
  const words = count(query);
  const quoted = phrases.reduce((sum, phrase) => sum + count(phrase), 0);
  return words <= longestQuestion ? 1 : Math.min(1, (3 * quoted) / words);
}

/**
 * Lifts the hits that hold what was quoted: at strength 1 before all others, in their order; else each rises by that
 * part of its way to the best. Scores go down still: the text leg is what lifts.
 */
export function quotedFirst<Known extends ChunkName>(
  hits: readonly FusedHit<Known>[],
  holders: ReadonlySet<string>,
  strength: number,
): readonly FusedHit<Known>[] {
  const holds = ({ candidate }: FusedHit<Known>) => holders.has(candidate.chunk.chunk_id);
  if (strength < 1) {
    const best = hits[0]?.score ?? 0;
    const raised = hits.map((hit) => (holds(hit) ? lifted(hit, strength * (best - hit.score)) : hit));
    return raised.toSorted((a, b) => b.score - a.score);
  }
  const first = hits.filter(holds);
  const others = hits.filter((hit) => !holds(hit));
  const lift = Math.max(0, (others[0]?.score ?? -Infinity) - (first.at(-1)?.score ?? Infinity));
  return [...first.map((hit) => lifted(hit, lift)), ...others];
}

const lifted = <Known extends ChunkName>(hit: FusedHit<Known>, by: number): FusedHit<Known> => ({
  ...hit,
  score: hit.score + by,
  shares: { ...hit.shares, text: hit.shares.text + by },
});
