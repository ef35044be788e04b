import type { Filter } from "../filter/filter.ts";
import { matches } from "../filter/matches.ts";
import type { CollectionCommunities } from "../graph/collection-communities.ts";
import type { CollectionGroup, CollectionGroups, TopGroup } from "../graph/collection-groups.ts";
import type { FoundCommunity } from "../graph/found-communities.ts";
import type { TokenUsage } from "../ports/language-model.ts";
import type { Store } from "../ports/store.ts";
import type { Community, CommunityPart, Mention, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import { describeCommunities } from "./describe-communities.ts";
import type { FusedHit } from "./fusion.ts";
import type { QueryPorts } from "./query-ports.ts";

/** What a collection is about, as the caller sees it. */
export interface CollectionThemes {
  /** The largest first. */
  readonly communities: readonly Community[];
  /** Communities in all. */
  readonly count: number;
  /** Passages that were looked at, of those that caller and filter let through. */
  readonly passages: number;
  readonly total: number;
  /** Passages that stand in no community, since they share no name with any other. */
  readonly alone: number;
  readonly warnings: readonly Warning[];
  readonly usage: TokenUsage;
}

type Ports = Pick<QueryPorts, "store" | "communitySummary"> & { readonly collection: CollectionCommunities };

export interface ThemesRequest {
  readonly filter: Filter | null;
  /** Communities that are described. */
  readonly limit: number;
  readonly deadline_ms: number;
}

/** Communities that one call describes at most. */
export const mostThemes = 50;

/** Passages of a community that its names and sentences are taken from. */
const passagesRead = 24;
const partsRead = 3;
const partsShown = 5;
const namesOfPart = 5;

/** The largest communities of all that scope and filter let through, each with its most central sentences. */
export async function collectionThemes(
  ports: Ports,
  scope: Scope,
  { filter, limit, deadline_ms }: ThemesRequest,
  signal: AbortSignal,
): Promise<CollectionThemes> {
  const groups = await ports.collection(scope, filter, { signal });
  const found = await foundGroups(ports.store, scope, groups.groups.slice(0, limit), signal);
  const plan = { filter, deadline_ms };
  const { communities, warnings, usage } = await describeCommunities(ports, scope, plan, found, signal, limit);
  const { count, passages, total, alone } = groups;
  return { communities, count, passages, total, alone, warnings: [...sampled(groups), ...warnings], usage };
}

/** What `describeCommunities` takes; names are written as the passages that are read write them. */
export async function foundGroups(
  { graph }: Pick<Store, "graph">,
  scope: Scope,
  groups: readonly TopGroup[],
  signal: AbortSignal,
): Promise<readonly FoundCommunity[]> {
  const partIds = ({ parts }: TopGroup) => parts.slice(0, partsShown).flatMap(({ best }) => best.slice(0, partsRead));
  const ids = groups.flatMap((group) => [...group.best.slice(0, passagesRead), ...partIds(group)]);
  const mentions = ids.length === 0 ? [] : await graph.mentions(scope, [...new Set(ids)], { signal });
  const named = Map.groupBy(mentions, (mention) => mention.chunk_id);
  return groups.map((group) => ({
    weights: new Map(group.shared.map(({ entity, weight }) => [entity, weight])),
    labels: new Map(group.names.map(({ entity, weight }) => [entity, weight])),
    members: group.best.slice(0, passagesRead).map((chunk_id) => ({ chunk_id, mentions: named.get(chunk_id) ?? [] })),
    whole: {
      id: group.id,
      passages: group.passages,
      documents: group.documents,
      parts: group.parts.slice(0, partsShown).flatMap((part) => shownPart(part, named)),
    },
  }));
}

function shownPart(
  { id, passages, names, best }: CollectionGroup,
  named: ReadonlyMap<string, readonly Mention[]>,
): readonly CommunityPart[] {
  const mentions = best.slice(0, partsRead).flatMap((chunkId) => named.get(chunkId) ?? []);
  const written = names.flatMap(({ entity }) => mentions.find((mention) => mention.entity === entity)?.name ?? []);
  return written.length === 0 ? [] : [{ id, passages, names: written.slice(0, namesOfPart) }];
}

/** The most central passage of each community, the largest first, then the second of each: as a search's hits. */
export async function themeHits(
  { chunks }: Pick<Store, "chunks">,
  scope: Scope,
  filter: Filter | null,
  { groups, passages: all }: CollectionGroups,
  limit: number,
  signal: AbortSignal,
): Promise<readonly FusedHit[]> {
  const turns = Array.from({ length: passagesRead }, (_none, turn) => turn);
  const places = turns
    .flatMap((turn) => groups.flatMap(({ best, passages }) => ({ id: best[turn], turn, share: passages / all })))
    .flatMap(({ id, ...place }) => (id === undefined ? [] : [{ id, ...place }]))
    // More than are wanted, for those that are gone by now.
    .slice(0, 2 * limit);
  const ids = places.map(({ id }) => id);
  const read = ids.length === 0 ? [] : await chunks.get(scope, ids, { signal });
  const known = new Map(
    read.filter((chunk) => filter === null || matches(filter, chunk)).map((chunk) => [chunk.chunk_id, chunk]),
  );
  return places
    .flatMap(({ id, turn, share }): FusedHit | readonly FusedHit[] => {
      const chunk = known.get(id);
      if (!chunk) return [];
      const score = 2 ** -turn * (0.5 + share / 2);
      const candidate = { chunk, cosine: null, bm25: null, vectorRank: null, textRank: null };
      return { candidate, score, shares: { vector: 0, text: 0, support: 0, document: 0 }, graph: score, rerank: null };
    })
    .slice(0, limit);
}

export function sampled({ passages, total }: Pick<CollectionGroups, "passages" | "total">): readonly Warning[] {
  if (passages >= total) return [];
  const message = `The communities are those of ${passages} of ${total} passages, a fair sample.`;
  return [{ code: "communities_sampled", message }];
}
