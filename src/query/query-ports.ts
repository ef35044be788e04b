import type { CollectionCommunities } from "../graph/collection-communities.ts";
import type { CommunitySummary } from "../graph/community-summary.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { Reranker } from "../ports/reranker.ts";
import type { Store } from "../ports/store.ts";
import type { GraphStage } from "./graph-stage.ts";

/** What a query works with. Null: not set, which a result says where it matters. */
export interface QueryPorts {
  readonly store: Store;
  readonly embedder: Embedder | null;
  readonly reranker: Reranker | null;
  readonly graph: GraphStage | null;
  /** The communities of everything, for questions put to the collection as a whole; absent: those of the question. */
  readonly collection?: CollectionCommunities;
  /** Writes what a community of mode global is about; absent: its sentences say it. */
  readonly communitySummary?: CommunitySummary;
  /** Milliseconds that only go forward, such as `performance.now`. */
  readonly now: () => number;
  /** Takes work that must not delay the answer; who gives this waits for it before closing, and answers failures. */
  readonly background: (work: () => Promise<void>) => void;
}
