import { matches } from "../filter/matches.ts";
import type { ChunkName } from "../ports/chunk-store.ts";
import type { Store } from "../ports/store.ts";
import type { Chunk } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { FusedHit } from "./fusion.ts";
import type { QueryPlan } from "./plan.ts";

/**
 * Whether nothing but fusion and links looks at hits that are not shown: then a search for ids is enough, and the chunks
 * of the best are read afterwards.
 */
export const readsLate = ({ rerank, mmr }: Pick<QueryPlan, "rerank" | "mmr">): boolean =>
  rerank === null && mmr === null;

/**
 * The hits with their chunks: all of them where they have them, else the best `top_k`. A chunk that was
 * deleted since, or that filter or scope no longer allow, makes room for the next.
 */
export async function readHits(
  { chunks }: Pick<Store, "chunks">,
  scope: Scope,
  { filter, top_k }: Pick<QueryPlan, "filter" | "top_k">,
  hits: readonly FusedHit<ChunkName>[],
  signal: AbortSignal,
): Promise<readonly FusedHit[]> {
  if (hits.every(isRead)) return hits;
  const read: FusedHit[] = [];
  for (let next = 0; read.length < top_k && next < hits.length;) {
    const wanted = hits.slice(next, next + top_k - read.length);
    next += wanted.length;
    const ids = wanted.filter((hit) => !isRead(hit)).map(({ candidate }) => candidate.chunk.chunk_id);
    const answered = ids.length === 0 ? [] : await chunks.get(scope, ids, { signal });
    const found = new Map(answered.map((chunk) => [chunk.chunk_id, chunk]));
    for (const hit of wanted) {
      if (isRead(hit)) {
        read.push(hit);
        continue;
      }
      const chunk = found.get(hit.candidate.chunk.chunk_id);
      if (chunk && (filter === null || matches(filter, chunk))) read.push(withChunk(hit, chunk));
    }
  }
  return read;
}

export const isRead = (hit: FusedHit<ChunkName>): hit is FusedHit => "content" in hit.candidate.chunk;

export const withChunk = (hit: FusedHit<ChunkName>, chunk: Chunk): FusedHit => ({
  ...hit,
  candidate: { ...hit.candidate, chunk },
});
