import type { Filter } from "../../filter/filter.ts";
import { matches } from "../../filter/matches.ts";
import type { Scope } from "../../scope.ts";
import { metadataOf } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { graphProjection, type GraphRow } from "./derive-graph.ts";
import { coarseMatch, type Clause } from "./native-filter.ts";
import { readChunks } from "./visible-rows.ts";

/** Rows of the graph that scope and filter let through. */
export async function graphRows(
  context: Context,
  scope: Scope,
  match: Clause,
  filter: Filter | null,
  signal: AbortSignal | undefined,
): Promise<readonly GraphRow[]> {
  const narrowed = { $and: [match, ...(filter === null ? [] : [coarseMatch(filter)])] };
  const found = await readChunks<GraphRow>(context, scope, narrowed, graphProjection, signal);
  if (filter === null) return found;
  return found.filter((row) => matches(filter, { document_id: row.document_id, metadata: metadataOf(row) }));
}
