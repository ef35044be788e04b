import type { EntityWeight, LinkedPassage, LinkResult, PassageEdge } from "../ports/graph-store.ts";

/** What a walk was told of links: the links of a passage are the same in each round, so they are asked for once. */
export interface ToldLinks {
  /** Those of the seeds whose links were not told. */
  unknown(seeds: readonly string[]): readonly string[];
  take(seeds: readonly string[], result: LinkResult): void;
  /** The links out of a seed. */
  edges(seed: string): readonly PassageEdge[];
  /** A seed, as it was told. */
  passage(seed: string): LinkedPassage | undefined;
  /** Of every name that a seed mentions, by name. */
  readonly weights: ReadonlyMap<string, EntityWeight>;
}

export function toldLinks(): ToldLinks {
  const edges = new Map<string, PassageEdge[]>();
  const weights = new Map<string, EntityWeight>();
  const passages = new Map<string, LinkedPassage>();
  return {
    unknown: (seeds) => seeds.filter((seed) => !edges.has(seed)),
    take: (seeds, result) => {
      const wanted = new Set(seeds);
      for (const seed of seeds) edges.set(seed, []);
      for (const edge of result.edges) edges.get(edge.from)!.push(edge);
      for (const weight of result.weights) weights.set(weight.entity, weight);
      for (const passage of result.passages) if (wanted.has(passage.chunk_id)) passages.set(passage.chunk_id, passage);
    },
    edges: (seed) => edges.get(seed) ?? [],
    passage: (seed) => passages.get(seed),
    weights,
  };
}
