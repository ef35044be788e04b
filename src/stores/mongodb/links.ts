import { HybridRAGError } from "../../errors.ts";
import { checkVector } from "../../ports/check-vector.ts";
import type { EditedNames } from "../../edits/edited-names.ts";
import type { Filter } from "../../filter/filter.ts";
import type {
  EntityWeight,
  ExplicitLinkKind,
  LinkKind,
  LinkRequest,
  LinkResult,
  PassageEdge,
} from "../../ports/graph-store.ts";
import type { Chunk } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { chunkOf, textOnly } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { addressTargets, distinct, isPointer, isTitle } from "./derive-graph.ts";
import type { LinkReading } from "./link-rows.ts";
import { weightsOf } from "./name-index.ts";
import { growingNeighbourhood, type GrowingNeighbourhood, type Neighbourhood } from "./neighbourhood.ts";
import { toldPassages, type ToldPassages } from "./told-passages.ts";
import { readChunks, readUnchecked } from "./visible-rows.ts";

/** One round of links, as `LinkRequest` describes them. */
export const followLinks = (
  context: Context,
  scope: Scope,
  request: LinkRequest,
  signal: AbortSignal | undefined,
): Promise<LinkResult> => linkWalk(context, scope, request.filter, signal).links(request);

/** Rounds of links of one question: vector, words and filter are the same in all of them. */
export interface LinkWalk {
  /** Reads ahead for links out of these passages. */
  begin(seeds: readonly string[], limits: Pick<LinkRequest, "maxShared" | "maxSubname">): void;
  links(request: LinkRequest): Promise<LinkResult>;
  /** Passages that links told of, in one round trip; null where one changed since. */
  chunks(ids: readonly string[]): Promise<readonly Chunk[] | null>;
}

/** How often a round is read again that met a change of version. */
const attempts = 12;

/** What a round has read the next one does not read again. */
export function linkWalk(
  context: Context,
  scope: Scope,
  filter: Filter | null,
  signal: AbortSignal | undefined,
): LinkWalk {
  const open = (read: LinkReading["read"]) => {
    const around = growingNeighbourhood(context, scope, { filter, read, signal });
    return { around, told: toldPassages(context, scope, around, signal) };
  };
  let walk = open(readUnchecked);
  return {
    begin: (seeds, limits) => walk.around.begin(seeds, limits),
    links: async (request) => {
      for (let attempt = 1; attempt < attempts; attempt++) {
        const found = await roundOf(context, request, walk.around, walk.told).catch((error: unknown) => {
          // Whoever repeats it begins anew: what was to be read counts as read.
          walk = open(readUnchecked);
          throw error;
        });
        if (found !== null) return found;
        // A version changed between two reads: all is read again, each time rows of one moment.
        walk = open(readChunks);
      }
      throw new HybridRAGError("store_failed", "The documents change faster than links can be followed; try again.");
    },
    chunks: async (ids) => {
      const { rows } = walk.around;
      if (!ids.every((id) => rows.has(id))) return null;
      const found =
        ids.length === 0 ? [] : await readUnchecked(context, scope, { chunk_id: { $in: ids } }, textOnly, signal);
      const isTold = found.length === ids.length && found.every((row) => rows.get(row.chunk_id)?.batch === row.batch);
      return isTold ? found.map(chunkOf) : null;
    },
  };
}

/** Null where something that was read is no longer current. */
async function roundOf(
  context: Context,
  request: LinkRequest,
  around: GrowingNeighbourhood,
  told: ToldPassages,
): Promise<LinkResult | null> {
  if (request.vector) checkVector(request.vector, context.identity?.dimensions ?? null, "/vector");
  await around.reach(request);
  const edited = await around.edited();
  const seeds = [...new Set(request.seeds)].filter((id) => around.rows.has(id));
  const edges = seeds.flatMap((seed) => [
    ...namedLinks(seed, request, around),
    ...explicitLinks(seed, request, around, edited),
  ]);
  const titled = request.titled.flatMap((name) => around.names.titled.get(name) ?? []);
  const reached = [...new Set([...seeds, ...titled, ...edges.map((edge) => edge.to)])];
  const named = seeds.flatMap((id) => around.rows.get(id)!.mentions.map((mention) => mention.entity));
  const passages = await told(request, reached);
  return (
    passages && {
      edges,
      passages,
      weights: distinct(named).flatMap((entity) => weightOf(around, entity) ?? []),
    }
  );
}

function namedLinks(seed: string, request: LinkRequest, around: Neighbourhood): readonly PassageEdge[] {
  const { names, rows } = around;
  const own = rows.get(seed)!.mentions.filter((mention) => !request.except.includes(mention.entity));
  const inBody = distinct(own.filter((mention) => !isTitle(mention)).map((mention) => mention.entity));
  const asTitle = distinct(own.filter(isTitle).map((mention) => mention.entity));
  const to = (kind: LinkKind, entity: string, targets: readonly string[] | undefined) =>
    edgesTo(kind, seed, entity, targets ?? [], request);
  return [
    ...inBody.flatMap((entity) => to("forward", entity, names.titled.get(entity))),
    ...asTitle.flatMap((entity) => to("back", entity, names.mentioning.get(entity))),
    ...inBody.flatMap((entity) => to("shared", entity, sharing(around, entity, request))),
    ...inBody.flatMap((entity) => to("subname", entity, namingLonger(around, entity, request))),
  ];
}

const edgesTo = (
  kind: LinkKind,
  from: string,
  entity: string,
  targets: readonly string[],
  request: LinkRequest,
): readonly PassageEdge[] =>
  targets
    .filter((to) => to !== from)
    .slice(0, request.maxPassages)
    .map((to) => ({ from, to, entity, kind }));

/** What was counted of a name in many passages, of which not all were read; else what was read. */
function weightOf({ names, common }: Neighbourhood, entity: string): EntityWeight | undefined {
  const [read] = weightsOf(names, [entity]);
  const counted = common.get(entity);
  if (!counted || counted.passages <= (read?.passages ?? 0)) return read;
  return { entity, passages: counted.passages, titled: counted.titled };
}

function sharing(around: Neighbourhood, entity: string, request: LinkRequest): readonly string[] {
  const passages = weightOf(around, entity)?.passages ?? 0;
  return passages <= request.maxShared ? (around.names.mentioning.get(entity) ?? []) : [];
}

/** Passages that mention a longer name of which this one is a part. One word counts only when it is telling. */
function namingLonger(around: Neighbourhood, entity: string, request: LinkRequest): readonly string[] {
  const { longer, common } = around;
  const { passages, titled } = weightOf(around, entity) ?? { passages: 0, titled: 0 };
  if (!entity.includes(" ") && (entity.length < 4 || (titled === 0 && passages < 3))) return [];
  if (passages + (common.get(entity)?.inLonger ?? 0) > request.maxSubname) return [];
  const found = longer.get(entity) ?? [];
  return passages + found.length <= request.maxSubname ? found : [];
}

function explicitLinks(
  seed: string,
  request: LinkRequest,
  { rows, names }: Neighbourhood,
  edited: EditedNames,
): readonly PassageEdge[] {
  const leadsTo = addressTargets([...rows.values()], names, edited);
  const own = rows.get(seed)!.links.filter((link) => isPointer(link) && !request.except.includes(link.target));
  const pointers = distinct(own.map(({ kind, target }) => JSON.stringify([target, kind])));
  return pointers.flatMap((pointer) => {
    const [target, kind] = JSON.parse(pointer) as [string, ExplicitLinkKind];
    return edgesTo(kind, seed, target, leadsTo(target), request);
  });
}
