import { messageOf } from "../errors.ts";
import type { Candidate, ChunkName, ChunkSearch, ChunkSearchResult, ChunkStore } from "../ports/chunk-store.ts";
import type { Warning } from "../records.ts";
import type { Scope } from "../scope.ts";

/** Searches for whole chunks or for their ids alone. */
export type ChunkFinder = NonNullable<ChunkStore["find"]>;

export interface Quoted {
  /** Passages that hold all that was quoted, best first by their words. */
  readonly holders: readonly Candidate<ChunkName>[];
  readonly warnings: readonly Warning[];
}

/**
 * Looks for what is quoted by a search of its own, so that scores and moments of the other one are what they are without
 * quotation marks. Where it finds nothing or fails, that is a warning.
 */
export async function searchQuoted(
  run: ChunkFinder,
  scope: Scope,
  search: ChunkSearch,
  phrases: readonly string[],
  signal: AbortSignal,
): Promise<Quoted> {
  if (search.text === null || phrases.length === 0) return { holders: [], warnings: [] };
  const inQuotes = phrases.map((phrase) => `“${phrase}”`).join(" and ");
  try {
    const request = { ...search, native: undefined, text: { ...search.text, phrases } };
    const found = await run(scope, request, { signal });
    if (found.text?.error) throw found.text.error;
    const holders = holdersIn(found);
    const message = `No passage has ${inQuotes} word for word; the words were searched for.`;
    return { holders, warnings: holders.length > 0 ? [] : [{ code: "phrase_not_found", message }] };
  } catch (error) {
    if (signal.aborted) throw error;
    const message = `${inQuotes} could not be looked for word for word: ${messageOf(error)}`;
    return { holders: [], warnings: [{ code: "phrase_not_searched", message }] };
  }
}

const holdersIn = ({ candidates }: ChunkSearchResult<ChunkName>): readonly Candidate<ChunkName>[] =>
  candidates.filter(({ textRank }) => textRank !== null).sort((a, b) => a.textRank! - b.textRank!);

/** What was found, and the holders that were not. */
export function withHolders(
  found: ChunkSearchResult<ChunkName>,
  holders: readonly Candidate<ChunkName>[],
): ChunkSearchResult<ChunkName> {
  const known = new Set(found.candidates.map(({ chunk }) => chunk.chunk_id));
  const added = holders
    .filter(({ chunk }) => !known.has(chunk.chunk_id))
    .map((holder) => ({ ...holder, vectorRank: null }));
  return added.length === 0 ? found : { ...found, candidates: [...found.candidates, ...added] };
}
