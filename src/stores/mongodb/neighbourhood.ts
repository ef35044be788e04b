import type { EditedNames } from "../../edits/edited-names.ts";
import type { LinkRequest } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { documentOfAddress } from "../../text/link-address.ts";
import { partsOfName } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { isPointer, isTitle, nameIndex, type GraphRow, type NameIndex } from "./derive-graph.ts";
import { editedNamesOf } from "./graph-edits.ts";
import { graphRows } from "./graph-rows.ts";
import { countable, nameSizes, type NameSize } from "./name-sizes.ts";
import type { Clause } from "./native-filter.ts";

/** Everything that one round of links needs to know. */
export interface Neighbourhood {
  readonly rows: ReadonlyMap<string, GraphRow>;
  readonly names: NameIndex;
  /** Of names in so many passages that not all of these were read. */
  readonly common: ReadonlyMap<string, NameSize>;
  readonly edited: EditedNames;
}

export async function neighbourhood(
  context: Context,
  scope: Scope,
  request: LinkRequest,
  signal: AbortSignal | undefined,
): Promise<Neighbourhood> {
  const edited = await editedNamesOf(context, scope.tenant);
  const seeds = await graphRows(context, scope, { chunk_id: { $in: request.seeds } }, request.filter, signal);
  const names = [...new Set(seeds.flatMap((row) => row.mentions.map((mention) => mention.entity)))];
  const common = await commonNames(context, scope, request, edited, names, signal);
  const read = (match: Clause) => graphRows(context, scope, match, request.filter, signal);
  const around = aroundThem(request, seeds, edited, names, common);
  const ends = endsOf(seeds, common, request);
  const lowest = (match: Clause) =>
    graphRows(context, scope, match, request.filter, signal, { by: "chunk_id", limit: request.maxPassages + 1 });
  const found = await Promise.all([...(around === null ? [] : [read(around)]), ...ends.map(lowest)]);
  const rows = new Map([...seeds, ...found.flat()].map((row) => [row.chunk_id, row]));
  return { rows, names: nameIndex([...rows.values()]), common, edited };
}

/**
 * Names of which not all passages can lead on, because there are too many, and that are only counted. Where a filter, an
 * access list or an edit decides what counts, rows are read.
 */
async function commonNames(
  context: Context,
  scope: Scope,
  request: LinkRequest,
  edited: EditedNames,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NameSize>> {
  if (request.filter !== null) return new Map();
  const plain = await countable(context, scope, edited, names);
  const sizes = await nameSizes(context, scope, plain, request, signal);
  const most = Math.max(request.maxShared, request.maxSubname);
  return new Map([...sizes].filter(([, { passages, inLonger }]) => passages > most || inLonger > request.maxSubname));
}

/** The passages that are read whole; null where there is nothing to look for. */
function aroundThem(
  request: LinkRequest,
  seeds: readonly GraphRow[],
  edited: EditedNames,
  names: readonly string[],
  common: ReadonlyMap<string, NameSize>,
): Clause | null {
  const most = Math.max(request.maxShared, request.maxSubname);
  const isFew = (name: string): boolean => (common.get(name)?.passages ?? 0) <= most;
  const targets = [...new Set(seeds.flatMap((row) => row.links.filter(isPointer).map((link) => link.target)))];
  const documents = [...new Set(targets.map(documentOfAddress))];
  const pointed = targets.flatMap((target) => edited.entityOf(target) ?? []);
  const longer = [...edited.touched].filter((name) => partsOfName(name).some((part) => names.includes(part)));
  const wanted = [...edited.saidAs([...names.filter(isFew), ...longer])];
  const titled = [...edited.saidAs([...pointed, ...request.titled])];
  if (wanted.length + titled.length + targets.length + names.length === 0) return null;
  return {
    $or: [
      { entities: { $in: wanted } },
      { titles: { $in: titled } },
      { subnames: { $in: names.filter((name) => !common.has(name)) } },
      { links: { $elemMatch: { kind: "anchor", target: { $in: targets } } } },
      { source: { $in: documents } },
      { document_id: { $in: documents } },
    ],
  };
}

/** Where links over names in many passages end: at those with that title, and from a title at those that mention it. */
function endsOf(
  seeds: readonly GraphRow[],
  common: ReadonlyMap<string, NameSize>,
  { except, maxPassages }: LinkRequest,
): readonly Clause[] {
  if (maxPassages === 0) return [];
  const mentions = seeds.flatMap((row) => row.mentions).filter(({ entity }) => !except.includes(entity));
  const followed = (asTitle: boolean): readonly string[] =>
    [...new Set(mentions.filter((one) => isTitle(one) === asTitle).map((one) => one.entity))].filter((name) =>
      common.has(name),
    );
  return [
    ...followed(false)
      .filter((name) => common.get(name)!.titled > 0)
      .map((name) => ({ titles: name })),
    ...followed(true).map((name) => ({
      entities: name,
      mentions: { $elemMatch: { entity: name, kind: { $ne: "title" } } },
    })),
  ];
}
