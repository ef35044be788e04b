import type { Mention } from "../records.ts";
import { communities, type WeightedEdge } from "./communities.ts";
import { type FoundCommunity, foundCommunities } from "./found-communities.ts";
import type { HopHit, HopResult } from "../ports/hop.ts";
import type { GraphSearchInput } from "./search-input.ts";
import { npmiOf } from "./names-together.ts";

/** The best passages, of which an overview is made. */
const depth = 100;
/** Names of a passage that are joined with each other. */
const mostNames = 20;

export interface GlobalResult extends HopResult {
  /** That of the best passage first; told where the order stayed as it was, too. */
  readonly communities: readonly FoundCommunity[];
}

/**
 * An overview: the best passages fall into communities of names that stand together, and the best of each community
 * comes before the second of any. Communities are found anew for every question, among what filter and access list let
 * through, so that nothing hidden or deleted shapes them.
 */
export async function globalSearch(input: GraphSearchInput): Promise<GlobalResult> {
  const { graph, scope, hits, signal } = input;
  const best = hits.slice(0, depth);
  const mentions = await graph.mentions(
    scope,
    best.map((hit) => hit.chunk_id),
    { signal },
  );
  const edges = edgesOf(mentions);
  const groups = communities(edges);
  const groupOf = new Map(groups.flatMap((names, group) => names.map((name) => [name, group] as const)));
  const named = Map.groupBy(mentions, (mention) => mention.chunk_id);
  const places = best.map((hit) => {
    const own = named.get(hit.chunk_id) ?? [];
    return { hit, chunk_id: hit.chunk_id, mentions: own, ...placeOf(own, groupOf) };
  });
  const found = foundCommunities(groups, edges, places);
  if (groups.length < 2)
    return { hits: [], closed: "the passages found are of one kind", entities: [], communities: found };
  const seen = new Map<number, readonly [count: number, first: string]>();
  const top = hits[0]?.score || 1;
  const ranked = places.map(({ hit, group, entity }): HopHit => {
    const [count, first] = seen.get(group) ?? [0, hit.chunk_id];
    seen.set(group, [count + 1, first]);
    const reason = entity === null ? null : { from_chunk_id: first, entity, link: "community" as const, strength: 1 };
    return { ...hit, total: hit.score / top - count, bonus: 0, found: null, reason };
  });
  const rest = hits.slice(depth).map((hit): HopHit => ({
    ...hit,
    total: hit.score / top - depth,
    bonus: 0,
    found: null,
    reason: null,
  }));
  return {
    hits: [...ranked, ...rest].toSorted((a, b) => b.total - a.total || (a.chunk_id < b.chunk_id ? -1 : 1)),
    closed: null,
    entities: groups.map((names) => names[0]!),
    communities: found,
  };
}

/** The community that most of a passage's names are in, and the first of these names; −1 for a passage without. */
function placeOf(mentions: readonly Mention[], groupOf: ReadonlyMap<string, number>) {
  const votes = Map.groupBy(
    mentions.filter((mention) => groupOf.has(mention.entity)),
    (mention) => groupOf.get(mention.entity)!,
  );
  const [first] = [...votes].toSorted(([a, x], [b, y]) => y.length - x.length || a - b);
  return first ? { group: first[0], entity: first[1][0]!.entity } : { group: -1, entity: null };
}

/** Names that stand in the same passage, weighed by NPMI · ln(1 + passages), within the passages given. */
function edgesOf(mentions: readonly Mention[]): readonly WeightedEdge[] {
  const passages = [...Map.groupBy(mentions, (mention) => mention.chunk_id).values()].map((own) =>
    [...new Set(own.map((mention) => mention.entity))].toSorted().slice(0, mostNames),
  );
  const counts = new Map<string, number>();
  const pairs = new Map<string, { readonly a: string; readonly b: string; count: number }>();
  for (const names of passages) {
    names.forEach((a, at) => {
      counts.set(a, (counts.get(a) ?? 0) + 1);
      for (const b of names.slice(at + 1)) {
        const key = JSON.stringify([a, b]);
        const pair = pairs.get(key) ?? { a, b, count: 0 };
        pair.count += 1;
        pairs.set(key, pair);
      }
    });
  }
  return [...pairs.values()].map(({ a, b, count }) => ({
    a,
    b,
    weight: npmiOf(count, counts.get(a)!, counts.get(b)!, passages.length) * Math.log(1 + count),
  }));
}
