import type { EntityWeight, GraphStore } from "../ports/graph-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import { nameTokens } from "../text/name-key.ts";
import { englishStopWords } from "../text/stop-words.ts";

/** Longest name that is looked for in a question, in tokens. */
const maxTokens = 7;

/**
 * The names of the graph that a question mentions: longest match of its word sequences in the tenant's dictionary,
 * whatever their case, since people type lower case. No guess at misspelt names: a wrong one leads astray.
 */
export async function questionEntities(
  graph: GraphStore,
  scope: Scope,
  question: string,
  options?: CallOptions,
): Promise<readonly EntityWeight[]> {
  const tokens = nameTokens(question);
  const sequences = new Set<string>();
  for (let start = 0; start < tokens.length; start++) {
    for (let end = start + 1; end <= Math.min(tokens.length, start + maxTokens); end++) {
      const sequence = tokens.slice(start, end);
      if (!sequence.every(isEmptyWord)) sequences.add(sequence.join(" "));
    }
  }
  const known = new Map((await graph.weigh(scope, [...sequences], options)).map((weight) => [weight.entity, weight]));
  return longestMatches(tokens, known);
}

const isEmptyWord = (token: string): boolean => token.length < 2 || englishStopWords.has(token);

/** From left to right, the longest known sequence at each place; matches do not overlap. */
function longestMatches(tokens: readonly string[], known: ReadonlyMap<string, EntityWeight>): readonly EntityWeight[] {
  const found = new Map<string, EntityWeight>();
  let start = 0;
  while (start < tokens.length) {
    const match = longestAt(tokens, start, known);
    if (match) found.set(match.weight.entity, match.weight);
    start += match?.length ?? 1;
  }
  return [...found.values()];
}

function longestAt(
  tokens: readonly string[],
  start: number,
  known: ReadonlyMap<string, EntityWeight>,
): { readonly weight: EntityWeight; readonly length: number } | null {
  for (let length = Math.min(maxTokens, tokens.length - start); length > 0; length--) {
    const weight = known.get(tokens.slice(start, start + length).join(" "));
    if (weight) return { weight, length };
  }
  return null;
}
