import type { Store } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import { idf } from "./answer/question.ts";

/** How rare the words of a text are among the tenant's passages; a word that it does not hold counts as unseen. */
export async function corpusIdf(
  store: Pick<Store, "chunks">,
  scope: Scope,
  text: string,
  signal?: AbortSignal,
): Promise<(term: string) => number> {
  const request = { vector: null, text: { query: text }, filter: null, candidates: 1 };
  const report = (await store.chunks.search(scope, request, { signal })).text;
  const frequencies = new Map((report?.terms ?? []).map(({ term, documentFrequency }) => [term, documentFrequency]));
  return (term) => idf(report?.corpusSize ?? 0, frequencies.get(term) ?? 0);
}
