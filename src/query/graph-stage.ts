import type { FoundCommunity } from "../graph/found-communities.ts";
import type { ChunkName, ChunkSearchResult } from "../ports/chunk-store.ts";
import type { Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { FusedHit } from "./fusion.ts";
import type { QueryPlan } from "./plan.ts";

/**
 * The graph leg: takes what the other legs found, in fused order, and returns the order after links were followed;
 * hits that it added or lifted carry `graph` and `path`. A stage whose gates are closed returns `hits` as they came.
 */
export type GraphStage = (input: GraphStageInput) => Promise<GraphStageResult>;

export interface GraphStageInput {
  readonly scope: Scope;
  readonly plan: QueryPlan;
  /** Unit length; null when nothing could embed the question. */
  readonly vector: Float32Array | null;
  /** What the legs answered: moments, terms and document frequencies. */
  readonly found: ChunkSearchResult<ChunkName>;
  readonly hits: readonly FusedHit<ChunkName>[];
  readonly signal: AbortSignal;
}

export interface GraphStageResult {
  readonly hits: readonly FusedHit<ChunkName>[];
  readonly warnings: readonly Warning[];
  /** In mode global: what the best passages are about. */
  readonly communities?: readonly FoundCommunity[];
}
