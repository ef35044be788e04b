import { mean } from "../../evaluate/measures.ts";
import type { Dataset } from "../../evaluate/dataset.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Indexed } from "./indexed.ts";

const bestPages = 10;

/**
 * Pages of documents that look alike: the share of the ten best pages that lie in a right document, over the questions
 * whose `metadata.documents` names any.
 */
export async function measureFamilies(
  { documents, queries }: Dataset,
  { ports, scope, settings }: Indexed,
  mode: Mode,
): Promise<number> {
  const search = await documentSearch(ports, scope, settings);
  const documentOf = new Map(documents.map(({ document_id, metadata }) => [document_id, metadata["document"]]));
  const shares: number[] = [];
  for (const { text, filter, metadata } of queries) {
    const right = metadata["documents"];
    if (!Array.isArray(right) || right.length === 0) continue;
    const pages = await search({ query: text, mode, filter, limit: bestPages });
    shares.push(pages.filter((page) => right.includes(documentOf.get(page))).length / bestPages);
  }
  return mean(shares);
}
