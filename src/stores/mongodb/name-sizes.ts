import type { EditedNames } from "../../edits/edited-names.ts";
import type { LinkRequest } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { partsOfName } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { scopeMatch } from "./visible-rows.ts";

/** How many passages a name has, where their rows are too many to be read. */
export interface NameSize extends NameCount {
  /** Passages with a longer name that it is a part of; not counted further than is followed. */
  readonly inLonger: number;
}

interface NameCount {
  readonly passages: number;
  readonly titled: number;
}

/** A tenant of no more passages is read as it comes: names in many passages are in few then. */
const large = 2_000;

/**
 * Those of the names that can be counted instead of read: in a large tenant, for an owner, who reads all that is
 * counted, and where no edit says that a name is another.
 */
export async function countable(
  context: Context,
  scope: Scope,
  edited: EditedNames,
  names: readonly string[],
): Promise<readonly string[]> {
  return (await isCounted(context, scope)) ? unedited(edited, names) : [];
}

const isCounted = async (context: Context, scope: Scope): Promise<boolean> =>
  scope.principals === "all" && (await context.statistics.corpus(context, scope.tenant)).chunks > large;

function unedited(edited: EditedNames, names: readonly string[]): readonly string[] {
  const changed = new Set([...edited.touched].flatMap((name) => [name, ...partsOfName(name)]));
  return names.filter((name) => !changed.has(name));
}

/** The counts of those that are `countable`, asked for while it is looked up what was edited. */
export async function countNames(
  context: Context,
  scope: Scope,
  edits: Promise<EditedNames>,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NameCount>> {
  const [edited, counts] = await Promise.all([
    edits,
    isCounted(context, scope).then((counted) => nameCounts(context, scope, counted ? names : [], signal)),
  ]);
  return new Map(unedited(edited, [...counts.keys()]).map((name) => [name, counts.get(name)!]));
}

/** Each name counted over its own range of an index. */
async function nameCounts(
  context: Context,
  scope: Scope,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NameCount>> {
  const entries = names.flatMap((name) => [`n${name}`, `m${name}`]);
  const counts = await context.statistics.frequencies(context, scope.tenant, entries, signal);
  return new Map(
    names.map((name) => [name, { passages: counts.get(`n${name}`) ?? 0, titled: counts.get(`m${name}`) ?? 0 }]),
  );
}

/** The same, and in how many passages they are parts of longer names. */
export async function nameSizes(
  context: Context,
  scope: Scope,
  names: readonly string[],
  { maxSubname }: Pick<LinkRequest, "maxSubname">,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NameSize>> {
  const [counts, longer] = await Promise.all([
    nameCounts(context, scope, names, signal),
    countInLonger(context, scope, names, maxSubname + 1, signal),
  ]);
  return new Map([...counts].map(([name, count]) => [name, { ...count, inLonger: longer.get(name) ?? 0 }]));
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
