import type { Repair } from "../ports/chunk-store.ts";
import type { Community, Hit, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { DocumentGain } from "./document-prior.ts";
import { findHits, type Findings, type Timings } from "./find-hits.ts";
import type { FusedHit } from "./fusion.ts";
import type { QueryPlan, QuerySettings } from "./plan.ts";
import type { QueryPorts } from "./query-ports.ts";
import type { Mode, QueryRequest } from "./query-request.ts";

/** Which rank and what share of the score each leg gave a hit; null outside its list. */
export interface HitExplanation {
  readonly vector: { readonly rank: number | null; readonly share: number };
  readonly text: { readonly rank: number | null; readonly share: number };
  /** For resembling the best hits. */
  readonly support: number;
  /** For the document that it stands in, among documents that are alike. */
  readonly document: number;
  /** What that is made of, where there is any. */
  readonly document_gain?: DocumentGain;
  readonly graph: { readonly share: number } | null;
}

/** What `search --json` prints and `POST /v1/search` answers. */
export interface SearchResponse {
  readonly query: string;
  readonly mode: Mode;
  readonly results: readonly (Hit & { readonly explain?: HitExplanation })[];
  /** In mode global: what the passages found are about, that of the best first. */
  readonly communities?: readonly Community[];
  readonly repairs: readonly Repair[];
  readonly warnings: readonly Warning[];
  readonly timings_ms: Timings;
  /** When asked to explain. */
  readonly plan?: QueryPlan;
}

/**
 * Searches: plan, retrieve, fuse, follow links, rerank, diversify.
 * @throws HybridRAGError when every leg failed, `deadline_exceeded`, or what the store throws.
 */
export async function search(
  ports: QueryPorts,
  scope: Scope,
  request: QueryRequest,
  settings: QuerySettings,
  signal?: AbortSignal,
): Promise<SearchResponse> {
  return searchResponse(await findHits(ports, scope, request, settings, signal), request.explain);
}

function searchResponse(findings: Findings, explain: boolean): SearchResponse {
  const { plan, found, warnings, timings } = findings;
  return {
    query: plan.query,
    mode: plan.mode,
    results: findings.hits.map((hit, index) =>
      explain ? { ...toHit(hit, index + 1), explain: explanationOf(hit) } : toHit(hit, index + 1),
    ),
    ...communitiesOf(findings),
    repairs: found.text?.repairs ?? [],
    warnings,
    timings_ms: timings,
    ...(explain ? { plan } : {}),
  };
}

/** As a field of a response, where there is one. */
export const communitiesOf = ({ communities }: Findings): { readonly communities?: readonly Community[] } =>
  communities === null ? {} : { communities };

export function toHit(hit: FusedHit, rank: number): Hit {
  const { chunk, cosine, bm25 } = hit.candidate;
  return {
    rank,
    chunk_id: chunk.chunk_id,
    document_id: chunk.document_id,
    title: chunk.title,
    source: chunk.source,
    content: chunk.content,
    score: hit.score,
    legs: { vector: cosine, text: bm25, graph: hit.graph, rerank: hit.rerank },
    span: chunk.span,
    heading_path: chunk.heading_path,
    metadata: chunk.metadata,
    ...(hit.path === undefined ? {} : { path: hit.path }),
  };
}

const explanationOf = ({ candidate, shares, graph, gained }: FusedHit): HitExplanation => ({
  vector: { rank: candidate.vectorRank, share: shares.vector },
  text: { rank: candidate.textRank, share: shares.text },
  support: shares.support,
  document: shares.document,
  ...(gained === undefined ? {} : { document_gain: gained }),
  graph: graph === null ? null : { share: graph },
});
