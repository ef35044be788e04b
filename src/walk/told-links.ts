import type { EntityWeight, LinkedPassage, LinkResult, PassageEdge } from "../ports/graph-store.ts";

/** The links of the seeds of one round. */
export interface RoundLinks {
  /** In the order of the seeds. */
  readonly edges: readonly PassageEdge[];
  /** Of every name that a seed mentions, by name. */
  readonly weights: ReadonlyMap<string, EntityWeight>;
  /** The seeds, as far as they were told. */
  readonly passages: ReadonlyMap<string, LinkedPassage>;
}

/** What a walk was told of links: the links of a passage are the same in each round, so they are asked for once. */
export interface ToldLinks {
  /** Those of the seeds whose links were not told. */
  unknown(seeds: readonly string[]): readonly string[];
  take(seeds: readonly string[], result: LinkResult): void;
  of(seeds: readonly string[]): RoundLinks;
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
    of: (seeds) => ({ edges: seeds.flatMap((seed) => edges.get(seed) ?? []), weights, passages }),
  };
}
