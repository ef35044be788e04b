import type { LinkRequest } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { scopeMatch } from "./visible-rows.ts";

/** How many passages a name has, where their rows are too many to be read. */
export interface NameSize {
  readonly passages: number;
  readonly titled: number;
  /** Passages with a longer name that it is a part of; not counted further than is followed. */
  readonly inLonger: number;
}

/**
 * Sizes of names, each counted over its own range of an index. For an owner without a filter only: what is counted is
 * what everybody of the tenant may read.
 */
export async function nameSizes(
  context: Context,
  scope: Scope,
  names: readonly string[],
  { maxSubname }: Pick<LinkRequest, "maxSubname">,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NameSize>> {
  const entries = names.flatMap((name) => [`n${name}`, `m${name}`]);
  const [counts, longer] = await Promise.all([
    context.statistics.frequencies(context, scope.tenant, entries, signal),
    countInLonger(context, scope, names, maxSubname + 1, signal),
  ]);
  return new Map(
    names.map((name) => [
      name,
      {
        passages: counts.get(`n${name}`) ?? 0,
        titled: counts.get(`m${name}`) ?? 0,
        inLonger: longer.get(name) ?? 0,
      },
    ]),
  );
}

/** One round trip for all names; none is counted beyond the limit. */
async function countInLonger(
  context: Context,
  scope: Scope,
  names: readonly string[],
  limit: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, number>> {
  const counting = (name: string) => [
    { $match: { ...scopeMatch(scope), subnames: name } },
    { $limit: limit },
    { $count: "count" },
    { $set: { name: { $literal: name } } },
  ];
  const [first, ...rest] = names;
  if (first === undefined) return new Map();
  const pipeline = [
    ...counting(first),
    ...rest.map((name) => ({ $unionWith: { coll: collections.chunks, pipeline: counting(name) } })),
  ];
  const counted = await rows(context, collections.chunks)
    .aggregate<{ name: string; count: number }>(pipeline, { signal })
    .toArray();
  return new Map(counted.map(({ name, count }) => [name, count]));
}
