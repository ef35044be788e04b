import type { TextLegReport } from "../ports/chunk-store.ts";
import type { Scored, ScoreScale } from "../ports/hop.ts";
import type { Filter } from "../filter/filter.ts";
import type { GraphStore } from "../ports/graph-store.ts";
import type { Scope } from "../scope.ts";
import type { QuestionWords } from "../walk/coverage.ts";

/** What a search over the graph starts from. */
export interface GraphSearchInput {
  readonly graph: GraphStore;
  readonly scope: Scope;
  readonly question: string;
  readonly filter: Filter | null;
  readonly vector: Float32Array | null;
  /** The fused list, best first. */
  readonly hits: readonly Scored[];
  readonly signal?: AbortSignal;
}

/** What also looks at the words of the question. */
export interface WordedSearchInput extends GraphSearchInput, QuestionWords {
  readonly text: TextLegReport;
  /** For passages that no leg found. */
  readonly scale: ScoreScale;
}
