import { findHits } from "../query/find-hits.ts";
import type { QuerySettings } from "../query/plan.ts";
import type { QueryPorts } from "../query/query-ports.ts";
import type { Scope } from "../scope.ts";
import type { SearchDocuments } from "./evaluate.ts";

/** More chunks than this are never asked for, however many a document has. */
const mostChunks = 20_000;

/**
 * Searches as a user does and ranks documents by their best chunk. Asks for as many chunks as `limit` documents have
 * on average, twice where documents have several, so that one long document does not crowd out the others.
 */
export async function documentSearch(
  ports: QueryPorts,
  scope: Scope,
  settings: QuerySettings,
): Promise<SearchDocuments> {
  const { documents, chunks } = await ports.store.documents.count(scope);
  const perDocument = documents === 0 || chunks <= documents ? 1 : (2 * chunks) / documents;
  return async ({ query, mode, filter, limit }) => {
    const top_k = limit >= documents ? chunks : Math.ceil(limit * perDocument);
    const request = {
      query,
      mode,
      filter,
      top_k: Math.max(1, Math.min(mostChunks, top_k)),
      session_id: null,
      explain: false,
    };
    const { hits } = await findHits(ports, scope, request, settings);
    return [...new Set(hits.map((hit) => hit.candidate.chunk.document_id))].slice(0, limit);
  };
}
