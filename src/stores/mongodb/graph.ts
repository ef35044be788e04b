import { compareText } from "../../filter/matches.ts";
import { allOf } from "../../filter/filter.ts";
import { comparePointers, type AskedWeight, type GraphStore, type Pointer } from "../../ports/graph-store.ts";
import type { Entity, Relationship } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { Answering } from "../../walk/ask.ts";
import { questionWords, type QuestionWords } from "../../walk/coverage.ts";
import { hopOver, linkLimits } from "../../walk/hop.ts";
import { likelySeeds } from "../../walk/places.ts";
import { unreadIds } from "../../walk/wanted-ids.ts";
import { call, rows, type Context } from "./context.ts";
import { entitiesOf, relationshipsOf, linksPerPassage } from "./derive-graph.ts";
import { editedNamesOf, mongoGraphEdits } from "./graph-edits.ts";
import { graphRows } from "./graph-rows.ts";
import { linkDensity } from "./link-density.ts";
import { followLinks, linkWalk } from "./links.ts";
import { nameIndex, weightsOf } from "./name-index.ts";
import { countNames } from "./name-sizes.ts";
import { collections } from "./names.ts";
import { passageNames } from "./passage-names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { scopeMatch } from "./visible-rows.ts";

/** Every answer is derived from what the readable passages assert at that moment, by indexes over their names. */
export function mongoGraph(context: Context): GraphStore {
  const editedFor = (scope: Scope) => editedNamesOf(context, scope.tenant);
  const count: GraphStore["count"] = (scope, options) =>
    call(context, options, (signal) =>
      context.statistics.derived(context, scope, "graph", async () => {
        const [edited, all] = await Promise.all([editedFor(scope), graphRows(context, scope, {}, null, signal)]);
        return {
          entities: nameIndex(all).passages.size,
          relationships: relationshipsOf(all).length,
          passages: all.length,
          linksPerPassage: linksPerPassage(all, edited),
        };
      }),
    );
  const graph: Omit<GraphStore, "hop"> = {
    entities: (scope, names, options) =>
      call(context, options, async (signal) => {
        const edited = await editedFor(scope);
        const wanted = new Set(names.flatMap((name) => edited.entityOf(name) ?? []));
        const found = await readEntities(context, scope, wanted, signal);
        return [...wanted].flatMap((name) => found.get(name) ?? []);
      }),
    list: (scope, request, options) =>
      call(context, options, async (signal) => {
        const after = readCursor(request, "entities", 1);
        const wanted = { prefix: request.prefix ?? "", after: after?.[0], limit: request.limit + 1 };
        return pageOf(
          await listEntities(context, scope, wanted, signal),
          request,
          "entities",
          (entity) => [entity.normalized_name],
          (entity) => entity,
        );
      }),
    neighbours: (scope, { entity, limit, filter, type }, options) =>
      call(context, options, async (signal) => {
        const edited = await editedFor(scope);
        const wanted = edited.entityOf(entity);
        if (wanted === null) return [];
        const said = { $in: [...edited.saidAs([wanted])] };
        const touching = {
          $or: [{ "assertions.source_entity": said }, { "assertions.target_entity": said }],
          ...(type === undefined ? {} : { "assertions.type": type }),
        };
        const found = relationshipsOf(await graphRows(context, scope, touching, allOf(filter), signal));
        const isWanted = (one: Relationship): boolean =>
          (one.source_entity === wanted || one.target_entity === wanted) && (type ?? one.type) === one.type;
        return found.filter(isWanted).slice(0, limit);
      }),
    mentions: (scope, chunkIds, options) =>
      call(context, options, async (signal) => {
        const found = await graphRows(context, scope, { chunk_id: { $in: chunkIds } }, null, signal);
        return found.flatMap((row) => row.mentions);
      }),
    pointers: (scope, chunkIds, options) =>
      call(context, options, async (signal) => {
        const found = await graphRows(context, scope, { chunk_id: { $in: chunkIds } }, null, signal);
        const links = found.flatMap((row) => row.links);
        return links.filter((link): link is Pointer => link.kind !== "anchor").toSorted(comparePointers);
      }),
    weigh: (scope, names, options) =>
      call(context, options, async (signal) => {
        const edits = editedFor(scope);
        const counts = await countNames(context, scope, edits, names, signal);
        const edited = await edits;
        const entities = names.flatMap((name) => (counts.has(name) ? [] : (edited.entityOf(name) ?? [])));
        const index = nameIndex(
          entities.length === 0 ? [] : await namedRows(context, scope, edited.saidAs(entities), signal),
        );
        return [...new Set(names)].flatMap((asked): AskedWeight | readonly AskedWeight[] => {
          const count = counts.get(asked);
          if (count !== undefined) return count.passages === 0 ? [] : { asked, entity: asked, ...count };
          const entity = edited.entityOf(asked);
          return entity === null ? [] : weightsOf(index, [entity]).map((weight) => ({ ...weight, asked }));
        });
      }),
    links: (scope, request, options) =>
      call(context, options, (signal) => followLinks(context, scope, request, signal)),
    linkDensity: (scope, options) =>
      call(context, options, (signal) =>
        context.statistics.derived(context, scope, "density", () => linkDensity(context, scope, signal)),
      ),
    count,
    passageNames: (scope, request, options) =>
      call(context, options, (signal) => passageNames(context, scope, request, signal)),
    ...mongoGraphEdits(context),
  };
  const words = questionWords((text) => context.analyzer.analyze(text));
  return { ...graph, hop: mongoHop(context, graph, words) };
}

/** What links are followed from is read while the names of the question are looked up. */
const mongoHop =
  (context: Context, graph: Omit<GraphStore, "hop">, words: QuestionWords): GraphStore["hop"] =>
  async (scope, request, options) => {
    const walk = linkWalk(context, scope, request.filter, options?.signal);
    const reading: Answering = {
      ...graph,
      weigh: (caller, names, given) => {
        walk.begin(likelySeeds(request), linkLimits);
        return graph.weigh(caller, names, given);
      },
      links: (_caller, asked, given) => call(context, given, () => walk.links(asked)),
    };
    const result = await hopOver(reading, words)(scope, request, options);
    const chunks = await call(context, options, () => walk.chunks(unreadIds(result.hits, request)));
    return { ...result, ...(chunks ? { chunks } : {}) };
  };

const namedRows = (context: Context, scope: Scope, said: ReadonlySet<string>, signal: AbortSignal | undefined) =>
  graphRows(context, scope, { entities: { $in: [...said] } }, null, signal);

async function readEntities(
  context: Context,
  scope: Scope,
  names: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Entity>> {
  const edited = await editedNamesOf(context, scope.tenant);
  return entitiesOf(await namedRows(context, scope, edited.saidAs(names), signal), names, edited);
}

interface WantedNames {
  readonly prefix: string;
  readonly after: string | number | undefined;
  readonly limit: number;
}

/**
 * Names that no edit speaks of are as they were extracted, so an index lists them in order; of the others only their
 * passages tell whether there is such an entity.
 */
async function listEntities(
  context: Context,
  scope: Scope,
  wanted: WantedNames,
  signal: AbortSignal | undefined,
): Promise<readonly Entity[]> {
  const { touched } = await editedNamesOf(context, scope.tenant);
  const { prefix, after, limit } = wanted;
  const isAhead = (name: string): boolean => after === undefined || compareText(name, String(after)) > 0;
  const changed = [...touched].filter((name) => name.startsWith(prefix) && isAhead(name));
  const names = [...(await listNames(context, scope, wanted, changed, signal)), ...changed].toSorted(compareText);
  const entities: Entity[] = [];
  for (let from = 0; from < names.length && entities.length < limit; from += limit) {
    const some = names.slice(from, from + limit);
    const found = await readEntities(context, scope, new Set(some), signal);
    entities.push(...some.flatMap((name) => found.get(name) ?? []));
  }
  return entities.slice(0, limit);
}

async function listNames(
  context: Context,
  scope: Scope,
  { prefix, after, limit }: WantedNames,
  except: readonly string[],
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
        ...(except.length === 0 ? [] : [{ $match: { entities: { $nin: except } } }]),
        { $group: { _id: "$entities" } },
        { $sort: { _id: 1 } },
        { $limit: limit },
      ],
      { signal },
    )
    .toArray();
  return found.map((row) => row._id);
}
