import type { Community, Mention } from "../records.ts";
import type { WeightedEdge } from "./communities.ts";

/** A passage of a community, with what it mentions. */
export interface CommunityMember {
  readonly chunk_id: string;
  readonly mentions: readonly Mention[];
}

/** A community as one question found it: its names are those of the passages that the caller may read, and no others. */
export interface FoundCommunity {
  /** How strongly each normalised name is joined to the others. */
  readonly weights: ReadonlyMap<string, number>;
  /** What it is called by, where that is not by the same weights. */
  readonly labels?: ReadonlyMap<string, number>;
  /** Best passage first; never empty. */
  readonly members: readonly CommunityMember[];
  /** Of a community of the whole collection: what is told beside its names and sentences. */
  readonly whole?: Required<Pick<Community, "id" | "passages" | "documents" | "parts">>;
}

/** The communities that passages fell into, that of the best passage first; one without a passage is none. */
export function foundCommunities(
  groups: readonly (readonly string[])[],
  edges: readonly WeightedEdge[],
  places: readonly (CommunityMember & { readonly group: number })[],
): readonly FoundCommunity[] {
  const weights = new Map<string, number>();
  const add = (name: string, weight: number) => weights.set(name, (weights.get(name) ?? 0) + weight);
  const groupOf = new Map(groups.flatMap((names, group) => names.map((name) => [name, group] as const)));
  for (const { a, b, weight } of edges) {
    if (weight <= 0 || groupOf.get(a) !== groupOf.get(b)) continue;
    add(a, weight);
    add(b, weight);
  }
  const placed = places.filter(({ group }) => group >= 0);
  return [...Map.groupBy(placed, ({ group }) => group)].map(([group, members]) => ({
    weights: new Map(groups[group]!.map((name) => [name, weights.get(name) ?? 0])),
    members: members.map(({ chunk_id, mentions }) => ({ chunk_id, mentions })),
  }));
}
