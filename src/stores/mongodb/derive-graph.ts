import { compareText } from "../../filter/matches.ts";
import { shownName, type EditedNames } from "../../edits/edited-names.ts";
import type { Entity, Mention, PassageLink, Relationship } from "../../records.ts";
import { documentOfAddress } from "../../text/link-address.ts";
import type { ChunkRow } from "./chunk-rows.ts";
import { nameIndex, type NameIndex } from "./name-index.ts";

/** What the graph reads of a chunk. */
export type GraphRow = Pick<
  ChunkRow,
  "_id" | "chunk_id" | "document_id" | "batch" | "source" | "metadata_json" | "mentions" | "links" | "assertions"
>;

export const graphProjection = {
  chunk_id: 1,
  document_id: 1,
  batch: 1,
  source: 1,
  metadata_json: 1,
  mentions: 1,
  links: 1,
  assertions: 1,
} as const;

export const isTitle = (mention: Pick<Mention, "kind">): boolean => mention.kind === "title";

export const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted(compareText);

/** The most frequent first, equals by code point. */
function commonestFirst(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([a, x], [b, y]) => y - x || compareText(a, b)).map(([value]) => value);
}

/** Entities as these passages make them; nothing of the graph is stored that would outlive its passages. */
export function entitiesOf(
  rows: readonly GraphRow[],
  names: ReadonlySet<string>,
  edited: EditedNames,
): ReadonlyMap<string, Entity> {
  const mentions = rows.flatMap((row) => row.mentions).filter((mention) => names.has(mention.entity));
  return new Map(
    [...Map.groupBy(mentions, (mention) => mention.entity)].map(([normalized_name, own]) => {
      const spellings = commonestFirst(own.map((mention) => mention.name));
      const name = edited.touched.has(normalized_name)
        ? shownName(edited.givenName(normalized_name), normalized_name, spellings)!
        : spellings[0]!;
      const [type] = commonestFirst(own.map((mention) => mention.type));
      const entity: Entity = {
        normalized_name,
        name,
        type: type!,
        aliases: spellings.filter((one) => one !== name).toSorted(compareText),
        description: "",
        provenance: distinct(own.map((mention) => mention.chunk_id)),
      };
      return [normalized_name, entity];
    }),
  );
}

/** Relationships, strongest first: the weight is the sum over the assertions, the description the weightiest one's. */
export function relationshipsOf(rows: readonly GraphRow[]): readonly Relationship[] {
  const assertions = rows.flatMap((row) => row.assertions);
  const groups = Map.groupBy(assertions, (a) => JSON.stringify([a.source_entity, a.target_entity, a.type]));
  return [...groups.values()]
    .map((own): Relationship => {
      const [first] = own.toSorted((a, b) => b.weight - a.weight || compareText(a.description, b.description));
      return {
        source_entity: first!.source_entity,
        target_entity: first!.target_entity,
        type: first!.type,
        description: first!.description,
        weight: own.reduce((sum, assertion) => sum + assertion.weight, 0),
        provenance: distinct(own.map((assertion) => assertion.chunk_id)),
      };
    })
    .toSorted(
      (a, b) =>
        b.weight - a.weight ||
        compareText(a.source_entity, b.source_entity) ||
        compareText(a.target_entity, b.target_entity) ||
        compareText(a.type, b.type),
    );
}

export const isPointer = (link: Pick<PassageLink, "kind">): boolean => link.kind !== "anchor";

interface Addressed extends Pick<GraphRow, "chunk_id" | "source" | "document_id"> {
  readonly links: readonly Pick<PassageLink, "kind" | "target">[];
}

/** Where an address leads among these passages, in the order of `PassageLink`. */
export function addressTargets(
  rows: readonly Addressed[],
  { titled }: NameIndex,
  edited: EditedNames,
): (address: string) => readonly string[] {
  const places = new Map<string, Set<string>>();
  const add = (key: string, chunkId: string): void => void places.set(key, (places.get(key) ?? new Set()).add(chunkId));
  for (const { chunk_id, source, document_id, links } of rows) {
    add(`document ${source}`, chunk_id);
    add(`document ${document_id}`, chunk_id);
    for (const link of links) if (!isPointer(link)) add(`anchor ${link.target}`, chunk_id);
  }
  return (address) => {
    const found = places.get(`anchor ${address}`) ?? places.get(`document ${documentOfAddress(address)}`);
    return found === undefined ? (titled.get(edited.entityOf(address) ?? "") ?? []) : distinct([...found]);
  };
}

/** Names in a passage that are another passage's title, and addresses in it that lead to another, per passage. */
export function linksPerPassage(rows: readonly GraphRow[], edited: EditedNames): number {
  const names = nameIndex(rows);
  const { titled } = names;
  const leadsTo = addressTargets(rows, names, edited);
  const addresses = rows.flatMap(({ chunk_id, links }) =>
    distinct(links.filter(isPointer).map((link) => link.target)).filter((target) =>
      leadsTo(target).some((id) => id !== chunk_id),
    ),
  );
  const pairs = new Set(
    rows
      .flatMap((row) => row.mentions)
      .filter((mention) => !isTitle(mention) && titled.get(mention.entity)?.some((id) => id !== mention.chunk_id))
      .map((mention) => JSON.stringify([mention.chunk_id, mention.entity])),
  );
  return rows.length === 0 ? 0 : (pairs.size + addresses.length) / rows.length;
}
