import type { ChunkName, ChunkSearchResult } from "../ports/chunk-store.ts";
import { type Resemblance, resemblanceOf } from "./document-prior.ts";
import { fuse } from "./fuse.ts";
import type { FusedHit, Fusion } from "./fusion.ts";
import { likenessOf } from "./likeness.ts";
import type { QueryPlan } from "./plan.ts";
import { supported } from "./support.ts";

/** Hits that are compared with each other; measured, the optimum is flat from 30 to 50 (docs/decisions). */
const comparedHits = 30;

export interface FusedLegs {
  /** Fused, then lifted by hits alike. */
  readonly hits: readonly FusedHit<ChunkName>[];
  /** Of the documents that they lie in; null where none of these is to be preferred. */
  readonly resemblance: Resemblance | null;
}

/** The order of what the legs found, before documents are told apart and links are followed. */
export function fuseLegs(plan: QueryPlan, found: ChunkSearchResult<ChunkName>): FusedLegs {
  const fused = fuse(found, fusionOf(plan));
  const bothRan = found.vector?.error === null && found.text?.error === null;
  if (!bothRan || (plan.support === null && plan.documents === null)) return { hits: fused, resemblance: null };
  const likeness = likenessOf(fused, comparedHits);
  return {
    hits: plan.support === null ? fused : supported(fused, plan.support, likeness),
    resemblance: plan.documents === null ? null : resemblanceOf(fused, likeness, plan.documents),
  };
}

export const fusionOf = ({ fusion, legs }: QueryPlan): Fusion => ({
  method: fusion.method,
  vectorWeight: legs.vector?.weight ?? 0,
  textWeight: legs.text?.weight ?? 0,
  rankConstant: fusion.rank_constant,
});
