import type { Filter } from "../../filter/filter.ts";
import { editedGraph } from "../../edits/edited-graph.ts";
import { matches } from "../../filter/matches.ts";
import type { Scope } from "../../scope.ts";
import { metadataOf } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { graphProjection, type GraphRow } from "./derive-graph.ts";
import { editedNamesOf } from "./graph-edits.ts";
import { coarseMatch, type Clause } from "./native-filter.ts";
import { readChunks, type FirstRows } from "./visible-rows.ts";

/**
 * Rows of the graph that scope and filter let through, as edits have them.
 * @param first only these; all by default.
 */
export async function graphRows(
  context: Context,
  scope: Scope,
  match: Clause,
  filter: Filter | null,
  signal: AbortSignal | undefined,
  first?: FirstRows,
): Promise<readonly GraphRow[]> {
  const narrowed = { $and: [match, ...(filter === null ? [] : [coarseMatch(filter)])] };
  const [names, found] = await Promise.all([
    editedNamesOf(context, scope.tenant),
    readChunks<GraphRow>(context, scope, narrowed, graphProjection, signal, first),
  ]);
  return found
    .filter((row) => filter === null || matches(filter, { document_id: row.document_id, metadata: metadataOf(row) }))
    .map((row) => ({ ...row, ...editedGraph(names, row.document_id, row) }));
}
