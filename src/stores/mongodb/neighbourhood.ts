import type { EditedNames } from "../../edits/edited-names.ts";
import type { LinkRequest } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { documentOfAddress } from "../../text/link-address.ts";
import { partsOfName } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { isPointer, isTitle } from "./derive-graph.ts";
import { editedNamesOf } from "./graph-edits.ts";
import { linkRows, type LinkReading, type LinkRow } from "./link-rows.ts";
import { growingNameIndex, passagesBy, type NameIndex, type PassagesBy } from "./name-index.ts";
import { countable, nameSizes, type NameSize } from "./name-sizes.ts";
import type { Clause } from "./native-filter.ts";
import type { FirstRows } from "./visible-rows.ts";

/** Everything that rounds of links need to know; what one round has read the next does not read again. */
export interface Neighbourhood {
  readonly rows: ReadonlyMap<string, LinkRow>;
  readonly names: NameIndex;
  /** The passages with a longer name, of up to seven words, that a name is a part of. */
  readonly longer: PassagesBy;
  /** Of names in so many passages that not all of these were read. */
  readonly common: ReadonlyMap<string, NameSize>;
}

export interface GrowingNeighbourhood extends Neighbourhood {
  /** Reads ahead of `reach` what links out of these passages will need first; once. */
  begin(seeds: readonly string[], limits: Limits): void;
  /** Reads what this round needs and no round before has read. */
  reach(request: LinkRequest): Promise<void>;
  edited(): Promise<EditedNames>;
}

type Limits = Pick<LinkRequest, "maxShared" | "maxSubname">;

export function growingNeighbourhood(context: Context, scope: Scope, reading: LinkReading): GrowingNeighbourhood {
  const rows = new Map<string, LinkRow>();
  const names = growingNameIndex();
  const longer = passagesBy();
  const parts = new Map<string, readonly string[]>();
  const sizes = new Map<string, NameSize>();
  const common = new Map<string, NameSize>();
  const done = new Set<string>();
  const edited = (): Promise<EditedNames> => editedNamesOf(context, scope.tenant);
  const { filter, signal } = reading;

  /** Those of the things that were not read yet; from now on they count as read. */
  const fresh = (kind: string, things: readonly string[]): readonly string[] =>
    [...new Set(things)].filter((thing) => !done.has(`${kind} ${thing}`) && done.add(`${kind} ${thing}`));

  function partsOf(name: string): readonly string[] {
    const known = parts.get(name) ?? partsOfName(name);
    parts.set(name, known);
    return known;
  }

  async function read(match: Clause, first?: FirstRows): Promise<void> {
    const found = await linkRows(context, scope, match, reading, first);
    const unknown = found.filter((row) => !rows.has(row.chunk_id));
    for (const row of unknown) rows.set(row.chunk_id, row);
    names.add(unknown);
    for (const { chunk_id, mentions } of unknown) {
      for (const { entity } of mentions) for (const part of partsOf(entity)) longer.add(part, chunk_id);
    }
  }

  async function readSeeds(ids: readonly string[]): Promise<readonly LinkRow[]> {
    const unknown = fresh("passage", ids).filter((id) => !rows.has(id));
    if (unknown.length > 0) await read({ chunk_id: { $in: unknown } });
    return ids.flatMap((id) => rows.get(id) ?? []);
  }

  /**
   * Names of which not all passages can lead on, because there are too many, are only counted. Where a filter, an
   * access list or an edit decides what counts, rows are read.
   */
  async function count(wanted: readonly string[], limits: Limits): Promise<void> {
    if (filter !== null) return;
    const unknown = wanted.filter((name) => !sizes.has(name));
    const plain = await countable(context, scope, await edited(), unknown);
    if (plain.length === 0) return;
    const most = Math.max(limits.maxShared, limits.maxSubname);
    for (const [name, size] of await nameSizes(context, scope, plain, limits, signal)) {
      sizes.set(name, size);
      if (size.passages > most || size.inLonger > limits.maxSubname) common.set(name, size);
    }
  }

  async function reach(request: LinkRequest): Promise<void> {
    const seeds = await readSeeds(request.seeds);
    const wanted = namesOf(seeds);
    await count(wanted, request);
    const around = aroundThem(request, seeds, await edited(), wanted, common, fresh);
    const ends = endsOf(seeds, common, request, fresh);
    const lowest = { by: "chunk_id", limit: request.maxPassages + 1 } as const;
    await Promise.all([...(around === null ? [] : [read(around)]), ...ends.map((match) => read(match, lowest))]);
  }

  let begun: Promise<void> | null = null;
  return {
    rows,
    names,
    longer,
    common,
    edited,
    begin: (seeds, limits) => {
      if (begun !== null) return;
      begun = readSeeds(seeds).then((found) => count(namesOf(found), limits));
      // Whoever follows links hears of it.
      begun.catch(() => undefined);
    },
    reach: async (request) => {
      if (request.seeds.length > 0) await begun;
      await reach(request);
    },
  };
}

const namesOf = (rows: readonly LinkRow[]): readonly string[] => [
  ...new Set(rows.flatMap((row) => row.mentions.map((mention) => mention.entity))),
];

type Fresh = (kind: string, things: readonly string[]) => readonly string[];

/** The passages that are read whole; null where there is nothing to look for that was not read before. */
function aroundThem(
  request: LinkRequest,
  seeds: readonly LinkRow[],
  edited: EditedNames,
  names: readonly string[],
  common: ReadonlyMap<string, NameSize>,
  fresh: Fresh,
): Clause | null {
  const most = Math.max(request.maxShared, request.maxSubname);
  const isFew = (name: string): boolean => (common.get(name)?.passages ?? 0) <= most;
  const pointers = seeds.flatMap((row) => row.links.filter(isPointer).map((link) => link.target));
  const pointed = pointers.flatMap((target) => edited.entityOf(target) ?? []);
  const longer = [...edited.touched].filter((name) => partsOfName(name).some((part) => names.includes(part)));
  const wanted = fresh("name", [...edited.saidAs([...names.filter(isFew), ...longer])]);
  const titled = fresh("title", [...edited.saidAs([...pointed, ...request.titled])]);
  const parts = fresh(
    "part",
    names.filter((name) => !common.has(name)),
  );
  const targets = fresh("target", pointers);
  const documents = fresh("document", targets.map(documentOfAddress));
  const clauses: readonly (readonly [readonly string[], Clause])[] = [
    [wanted, { entities: { $in: wanted } }],
    [titled, { titles: { $in: titled } }],
    [parts, { subnames: { $in: parts } }],
    [targets, { links: { $elemMatch: { kind: "anchor", target: { $in: targets } } } }],
    [documents, { source: { $in: documents } }],
    [documents, { document_id: { $in: documents } }],
  ];
  const needed = clauses.filter(([things]) => things.length > 0).map(([, clause]) => clause);
  return needed.length === 0 ? null : { $or: needed };
}

/** Where links over names in many passages end: at those with that title, and from a title at those that mention it. */
function endsOf(
  seeds: readonly LinkRow[],
  common: ReadonlyMap<string, NameSize>,
  { except, maxPassages }: LinkRequest,
  fresh: Fresh,
): readonly Clause[] {
  if (maxPassages === 0) return [];
  const mentions = seeds.flatMap((row) => row.mentions).filter(({ entity }) => !except.includes(entity));
  const followed = (asTitle: boolean): readonly string[] =>
    mentions.filter((one) => isTitle(one) === asTitle && common.has(one.entity)).map((one) => one.entity);
  return [
    ...fresh("titled end", followed(false))
      .filter((name) => common.get(name)!.titled > 0)
      .map((name) => ({ titles: name })),
    ...fresh("end", followed(true)).map((name) => ({
      entities: name,
      mentions: { $elemMatch: { entity: name, kind: { $ne: "title" } } },
    })),
  ];
}
