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

/**
 * Hits that hold what was quoted before all others, each kind in its order. Scores go down still: the holders are lifted
 * together, and the text leg is what lifts them.
 */
export function quotedFirst<Known extends ChunkName>(
  hits: readonly FusedHit<Known>[],
  holders: ReadonlySet<string>,
): readonly FusedHit<Known>[] {
  const holds = ({ candidate }: FusedHit<Known>) => holders.has(candidate.chunk.chunk_id);
  const first = hits.filter(holds);
  const others = hits.filter((hit) => !holds(hit));
  const lift = Math.max(0, (others[0]?.score ?? -Infinity) - (first.at(-1)?.score ?? Infinity));
  return [
    ...first.map((hit) => ({
      ...hit,
      score: hit.score + lift,
      shares: { ...hit.shares, text: hit.shares.text + lift },
    })),
    ...others,
  ];
}
