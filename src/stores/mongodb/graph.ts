import { allOf } from "../../filter/filter.ts";
import type { GraphStore } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { call, rows, type Context } from "./context.ts";
import { entitiesOf, nameIndex, relationshipsOf, linksPerPassage, weightsOf } from "./derive-graph.ts";
import { graphRows } from "./graph-rows.ts";
import { followLinks } from "./links.ts";
import { collections } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { scopeMatch } from "./visible-rows.ts";

/** Every answer is derived from what the readable passages assert at that moment, by indexes over their names. */
export function mongoGraph(context: Context): GraphStore {
  const named = (scope: Scope, names: readonly string[], signal: AbortSignal | undefined) =>
    graphRows(context, scope, { entities: { $in: names } }, null, signal);
  const count: GraphStore["count"] = (scope, options) =>
    call(context, options, (signal) =>
      context.statistics.derived(context, scope, "graph", async () => {
        const all = await graphRows(context, scope, {}, null, signal);
        return {
          entities: nameIndex(all).passages.size,
          relationships: relationshipsOf(all).length,
          passages: all.length,
          linksPerPassage: linksPerPassage(all),
        };
      }),
    );
  return {
    entities: (scope, names, options) =>
      call(context, options, async (signal) => {
        const found = entitiesOf(await named(scope, names, signal), new Set(names));
        return names.flatMap((name) => found.get(name) ?? []);
      }),
    list: (scope, request, options) =>
      call(context, options, async (signal) => {
        const after = readCursor(request, "entities", 1);
        const names = await listNames(context, scope, request.prefix ?? "", after?.[0], request.limit + 1, signal);
        const found = entitiesOf(await named(scope, names, signal), new Set(names));
        const entities = names.flatMap((name) => found.get(name) ?? []);
        return pageOf(
          entities,
          request,
          "entities",
          (entity) => [entity.normalized_name],
          (entity) => entity,
        );
      }),
    neighbours: (scope, { entity, limit, filter }, options) =>
      call(context, options, async (signal) => {
        const touching = { $or: [{ "assertions.source_entity": entity }, { "assertions.target_entity": entity }] };
        const found = relationshipsOf(await graphRows(context, scope, touching, allOf(filter), signal));
        return found.filter((one) => one.source_entity === entity || one.target_entity === entity).slice(0, limit);
      }),
    mentions: (scope, chunkIds, options) =>
      call(context, options, async (signal) => {
        const found = await graphRows(context, scope, { chunk_id: { $in: chunkIds } }, null, signal);
        return found.flatMap((row) => row.mentions);
      }),
    weigh: (scope, names, options) =>
      call(context, options, async (signal) => weightsOf(nameIndex(await named(scope, names, signal)), names)),
    links: (scope, request, options) =>
      call(context, options, (signal) => followLinks(context, scope, request, signal)),
    linkDensity: async (scope, options) => (await count(scope, options)).linksPerPassage,
    count,
  };
}

async function listNames(
  context: Context,
  scope: Scope,
  prefix: string,
  after: string | number | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const begins = { $regex: `^${prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}` };
  const found = await rows(context, collections.chunks)
    .aggregate<{ _id: string }>(
      [
        { $match: { ...scopeMatch(scope), entities: begins } },
        { $project: { entities: 1 } },
        { $unwind: "$entities" },
        { $match: { $and: [{ entities: begins }, ...(after === undefined ? [] : [{ entities: { $gt: after } }])] } },
        { $group: { _id: "$entities" } },
        { $sort: { _id: 1 } },
        { $limit: limit },
      ],
      { signal },
    )
    .toArray();
  return found.map((row) => row._id);
}
