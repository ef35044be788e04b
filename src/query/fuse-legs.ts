import type { ChunkName, ChunkSearchResult } from "../ports/chunk-store.ts";
import { areAlike, documentLifted } from "./document-prior.ts";
import { fuse } from "./fuse.ts";
import type { FusedHit, Fusion } from "./fusion.ts";
import { likenessOf } from "./likeness.ts";
import type { QueryPlan } from "./plan.ts";
import { supported } from "./support.ts";

/** Hits that are compared with each other; measured, the optimum is flat from 30 to 50 (docs/decisions). */
const comparedHits = 30;

/** The order of what the legs found, before links are followed: fused, then lifted by hits and documents alike. */
export function fuseLegs(plan: QueryPlan, found: ChunkSearchResult<ChunkName>): readonly FusedHit<ChunkName>[] {
  const fused = fuse(found, fusionOf(plan));
  const bothRan = found.vector?.error === null && found.text?.error === null;
  if (!bothRan || (plan.support === null && plan.documents === null)) return fused;
  const likeness = likenessOf(fused, comparedHits);
  const hits = plan.support === null ? fused : supported(fused, plan.support, likeness);
  if (plan.documents === null || !areAlike(fused, likeness, plan.documents)) return hits;
  return documentLifted(hits, plan.query, plan.documents);
}

export const fusionOf = ({ fusion, legs }: QueryPlan): Fusion => ({
  method: fusion.method,
  vectorWeight: legs.vector?.weight ?? 0,
  textWeight: legs.text?.weight ?? 0,
  rankConstant: fusion.rank_constant,
});
