import type { HopHit, HopRequest } from "../ports/hop.ts";

/** Those of them whose chunks the caller has not: what may come along with a walk. */
export function unreadIds(ranked: readonly HopHit[], request: HopRequest): readonly string[] {
  const given = new Set(request.unread ? [] : request.hits.map((hit) => hit.chunk_id));
  return wantedIds(ranked, request).filter((id) => !given.has(id));
}

/** The passages whose chunks are looked at after a walk: the best, and those that led to the ones that are explained. */
export function wantedIds(
  ranked: readonly HopHit[],
  { depth, explained }: Pick<HopRequest, "depth" | "explained">,
): readonly string[] {
  const best = ranked.slice(0, depth);
  const sources = best.slice(0, explained).flatMap(({ reason }) => reason?.from_chunk_id ?? []);
  return [...new Set([...best.map((hit) => hit.chunk_id), ...sources])];
}
