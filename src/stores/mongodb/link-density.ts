import type { EditedNames } from "../../edits/edited-names.ts";
import type { Scope } from "../../scope.ts";
import { documentOfAddress } from "../../text/link-address.ts";
import { rows, type Context } from "./context.ts";
import { distinct, isPointer, isTitle, linksPerPassage, type GraphRow } from "./derive-graph.ts";
import { editedNamesOf } from "./graph-edits.ts";
import { graphRows } from "./graph-rows.ts";
import { collections } from "./names.ts";
import { readersFor } from "./stored-metadata.ts";
import { scopeMatch } from "./visible-rows.ts";

/** A tenant with no more passages is counted whole; of a larger one so many speak for the others. */
const sampled = 2_000;

/**
 * Ids are hashes, so the first of them are a fair sample, and the same one for whoever asks. What the names and addresses
 * in it lead to is found by indexes: no more of a large tenant is read than is answered.
 */
export async function linkDensity(context: Context, scope: Scope, signal: AbortSignal | undefined): Promise<number> {
  const { chunks } = await context.statistics.corpus(context, scope.tenant);
  const isWhole = chunks <= sampled;
  const [edited, sample] = await Promise.all([
    editedNamesOf(context, scope.tenant),
    graphRows(context, scope, {}, null, signal, isWhole ? undefined : { by: "_id", limit: sampled }),
  ]);
  if (isWhole || sample.length === 0) return linksPerPassage(sample, edited);
  const names = sample.map(({ mentions }) =>
    distinct(mentions.filter((one) => !isTitle(one)).map((one) => one.entity)),
  );
  const addresses = sample.map(({ links }) => distinct(links.filter(isPointer).map((link) => link.target)));
  const [leadsTo, titled] = await Promise.all([
    placesOf(context, scope, addresses.flat(), signal),
    titledBy(context, scope, edited, [...names.flat(), ...addresses.flat()], signal),
  ]);
  const isTitledElsewhere = (name: string | null, chunkId: string): boolean => {
    const place = name === null ? undefined : titled.get(name);
    return place !== undefined && (place.passages > 1 || place.first !== chunkId);
  };
  const links = sample.map((row, at) => {
    const named = names[at]!.filter((name) => isTitledElsewhere(name, row.chunk_id));
    const pointed = addresses[at]!.filter(
      (address) => leadsTo(address, row) ?? isTitledElsewhere(edited.entityOf(address), row.chunk_id),
    );
    return named.length + pointed.length;
  });
  return links.reduce((sum, count) => sum + count, 0) / sample.length;
}

interface Titled {
  readonly passages: number;
  /** One of them. */
  readonly first: string;
}

/** The passages that have one of these as their title, by the entity that their title is. */
async function titledBy(
  context: Context,
  scope: Scope,
  edited: EditedNames,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Titled>> {
  const said = [...edited.saidAs(names.flatMap((name) => edited.entityOf(name) ?? []))];
  const found = await rows(context, collections.chunks)
    .aggregate<{ _id: string } & Titled>(
      [
        { $match: { ...scopeMatch(scope), titles: { $in: said } } },
        { $project: { titles: 1, chunk_id: 1 } },
        { $unwind: "$titles" },
        { $group: { _id: "$titles", passages: { $sum: 1 }, first: { $first: "$chunk_id" } } },
      ],
      { signal },
    )
    .toArray();
  const titled = new Map<string, Titled>();
  for (const { _id, passages, first } of found) {
    const entity = edited.entityOf(_id);
    if (entity === null) continue;
    titled.set(entity, { passages: passages + (titled.get(entity)?.passages ?? 0), first });
  }
  return titled;
}

type Seen = Pick<GraphRow, "chunk_id" | "document_id">;

/** Whether an address leads to a place or a document other than the passage itself; undefined where it is neither. */
async function placesOf(
  context: Context,
  scope: Scope,
  addresses: readonly string[],
  signal: AbortSignal | undefined,
): Promise<(address: string, from: Seen) => boolean | undefined> {
  const [anchors, documents] = await Promise.all([
    anchoredAt(context, scope, distinct(addresses), signal),
    documentsAt(context, scope, distinct(addresses.map(documentOfAddress)), signal),
  ]);
  return (address, from) => {
    const places = anchors.get(address);
    if (places !== undefined) return places.some((id) => id !== from.chunk_id);
    const own = documents.get(documentOfAddress(address));
    return own?.some(({ document_id, chunks }) => document_id !== from.document_id || chunks > 1);
  };
}

async function anchoredAt(
  context: Context,
  scope: Scope,
  addresses: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const match = { ...scopeMatch(scope), links: { $elemMatch: { kind: "anchor", target: { $in: addresses } } } };
  const found = await rows(context, collections.chunks)
    .find(match, { signal })
    .project<Pick<GraphRow, "chunk_id" | "links">>({ chunk_id: 1, links: 1 })
    .toArray();
  const places = found.flatMap(({ chunk_id, links }) =>
    links.filter((link) => !isPointer(link)).map((link) => ({ address: link.target, chunk_id })),
  );
  return new Map(
    [...Map.groupBy(places, (place) => place.address)].map(([address, own]) => [
      address,
      own.map((one) => one.chunk_id),
    ]),
  );
}

interface FoundDocument {
  readonly document_id: string;
  readonly source: string;
  readonly chunks: number;
}

async function documentsAt(
  context: Context,
  scope: Scope,
  addresses: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly FoundDocument[]>> {
  const readers = readersFor(scope.principals);
  const match = {
    tenant_id: scope.tenant,
    $or: [{ document_id: { $in: addresses } }, { source: { $in: addresses } }],
    chunks: { $gt: 0 },
    ...(readers === null ? {} : { readers: { $in: readers } }),
  };
  const found = await rows(context, collections.documents)
    .find(match, { signal })
    .project<FoundDocument>({ document_id: 1, source: 1, chunks: 1 })
    .toArray();
  const byAddress = new Map<string, FoundDocument[]>();
  for (const document of found)
    for (const address of new Set([document.document_id, document.source]))
      byAddress.set(address, [...(byAddress.get(address) ?? []), document]);
  return byAddress;
}
