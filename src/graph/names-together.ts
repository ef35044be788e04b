import type { GraphStore } from "../ports/graph-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Entity } from "../records.ts";
import type { Scope } from "../scope.ts";

/** A name that stands in the same passages as another. */
export interface NameTogether {
  readonly entity: string;
  /** As these passages mostly write it. */
  readonly name: string;
  /** Passages that mention both. */
  readonly passages: number;
  /** Normalised pointwise mutual information of the two, −1 to 1 (Bouma 2009). */
  readonly npmi: number;
  /** npmi · ln(1 + passages): what orders. */
  readonly weight: number;
}

/** Passages of a very common name that are looked at. */
const mostPassages = 500;

/**
 * The names that stand in the same passages more often than chance would have it, strongest first.
 * @param total passages that the caller sees.
 */
export async function namesTogether(
  graph: GraphStore,
  scope: Scope,
  { normalized_name: own, provenance }: Pick<Entity, "normalized_name" | "provenance">,
  total: number,
  options?: CallOptions,
): Promise<readonly NameTogether[]> {
  const read = provenance.slice(0, mostPassages);
  const mentions = await graph.mentions(scope, read, options);
  const beside = Map.groupBy(mentions, (mention) => mention.entity);
  beside.delete(own);
  const counts = new Map(
    [...beside].map(([entity, found]) => [entity, new Set(found.map((mention) => mention.chunk_id)).size]),
  );
  const weights = await graph.weigh(scope, [...counts.keys()], options);
  return (
    weights
      .map(({ entity, passages }) => {
        // A sample of the passages stands for all of them.
        const together = (counts.get(entity)! * provenance.length) / Math.max(1, read.length);
        const npmi = npmiOf(together, provenance.length, passages, total);
        const name = commonest(beside.get(entity)!.map((mention) => mention.name));
        return { entity, name, passages: Math.round(together), npmi, weight: npmi * Math.log(1 + together) };
      })
      // What stands in every passage is independent of all names, and yet its neighbours are asked for.
      .filter(({ npmi }) => npmi > 0 || provenance.length >= total)
      .toSorted((a, b) => b.weight - a.weight || b.passages - a.passages || (a.entity < b.entity ? -1 : 1))
  );
}

function commonest(names: readonly string[]): string {
  const spelt = [...Map.groupBy(names, (name) => name)];
  return spelt.toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))[0]![0];
}

/** 1 where one never stands without the other, 0 where they are independent. */
export function npmiOf(together: number, left: number, right: number, total: number): number {
  if (together === 0) return -1;
  const joint = together / total;
  if (joint >= 1) return 1;
  const ratio = (together * total) / (left * right);
  return Math.abs(ratio - 1) < 1e-9 ? 0 : Math.log(ratio) / -Math.log(joint);
}
