import type { Filter } from "../../../filter/filter.ts";
import type { HopRequest } from "../../../ports/hop.ts";
import type { Scope } from "../../../scope.ts";
import { answeredAtOnce, type GraphAnswers } from "../../../walk/ask.ts";
import { hop } from "../../../walk/hop.ts";
import { unreadIds } from "../../../walk/wanted-ids.ts";
import { allowedRows, rowTest } from "../filter/allowed.ts";
import { getChunks } from "../tables/chunk-reads.ts";
import { listEntities, neighboursIn } from "../tables/graph-reads.ts";
import { seenBy } from "../tables/seen-graph.ts";
import { tenantOf } from "../tables/tenants.ts";
import type { ReadContext } from "../workers/context.ts";
import { linkFinder } from "./follow-links.ts";
import { graphView } from "./graph-view.ts";
import { linkDensity, weighIn } from "./link-density.ts";
import { sentHop, type SentHop } from "./sent-hop.ts";

/** A whole walk beside the graph: only the request and the best passages cross to the main thread, with their chunks. */
export function walkLinks(context: ReadContext, scope: Scope, request: HopRequest): SentHop {
  const result = answeredAtOnce(hop(request, context.words), answersOf(context, scope, request.filter));
  const wanted = unreadIds(result.hits, request);
  const chunks = wanted.length === 0 ? [] : getChunks(context, scope, wanted);
  return sentHop(request, { ...result, chunks }, context.transfer);
}

/** What scope and filter let through is found out once, and what is learnt of a name is known to all that follows. */
function answersOf(context: ReadContext, scope: Scope, filter: Filter | null): GraphAnswers {
  const { db } = context;
  const tenant = tenantOf(db, scope) ?? 0;
  const index = context.indexes.of(db, tenant);
  const all = once(() => allowedRows(db, tenant, scope, null));
  const whole = once(() => graphView(index, all()));
  const filtered = once(() => (filter === null ? whole() : graphView(index, allowedRows(db, tenant, scope, filter))));
  const seen = once(() => seenBy(db, tenant, rowTest(all())));
  let find: ReturnType<typeof linkFinder> | null = null;
  return {
    linkDensity: () => linkDensity(context, scope),
    weigh: (names) => weighIn(db, tenant, whole(), names),
    neighbours: (asked) => neighboursIn(db, seen(), asked),
    list: (asked) => listEntities(context, scope, asked),
    links: (asked) => (find ??= linkFinder(db, index, filtered(), asked))(asked),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
