import type { GraphStore } from "../ports/graph-store.ts";
import type { CallOptions, Store } from "../ports/store.ts";
import type { Entity, Mention } from "../records.ts";
import type { Scope } from "../scope.ts";
import { nameKey, nameTokens } from "../text/name-key.ts";
import { pointedPassages } from "./pointed-passages.ts";

/** One of several things that share a name, told apart by what titles have in brackets: "Mercury (planet)". */
export interface Sense {
  readonly name: string;
  /** Chunk ids of the passages that mean it. */
  readonly passages: readonly string[];
}

/** Passages of a name that are looked at. */
const mostPassages = 300;
/** Of these, those whose links are followed. */
const mostLinked = 100;
/** How many times more names of one sense than of any other a passage must have. */
const clearly = 2;

const bracketed = /^.*\S\s*\(([^()]+)\)\s*$/;

/** What stands in brackets behind a name, normalised; null where nothing does. */
function bracketOf(name: string): string | null {
  const inside = bracketed.exec(name)?.[1];
  const key = inside === undefined ? "" : nameTokens(inside).join(" ");
  return key === "" ? null : key;
}

/**
 * The senses of a name. There are some only where at least two titles give the name different brackets. A passage means
 * one of them when it is of such a document, writes the brackets, links to such a document, or has names of one and
 * (nearly) none of the others; what says nothing of this kind means none of them.
 */
export async function sensesOf(
  reads: Pick<Store, "graph" | "chunks">,
  scope: Scope,
  { normalized_name: entity, name, aliases, provenance }: Entity,
  options?: CallOptions,
): Promise<readonly Sense[]> {
  const spelt = [name, ...aliases].filter((one) => nameKey(one) === entity && bracketOf(one) !== null);
  if (new Set(spelt.map(bracketOf)).size < 2) return [];
  const ids = provenance.slice(0, mostPassages);
  const [mentions, chunks] = await Promise.all([
    reads.graph.mentions(scope, ids, options),
    reads.chunks.get(scope, ids, options),
  ]);
  const titles = mentions.filter(
    (one) => one.entity === entity && one.kind === "title" && bracketOf(one.name) !== null,
  );
  const names = new Map(titles.map((title) => [bracketOf(title.name)!, title.name]));
  if (names.size < 2) return [];
  const documentOf = new Map(chunks.map((chunk) => [chunk.chunk_id, chunk.document_id]));
  const senseOfDocument = onlyOnes(titles.map((title) => [documentOf.get(title.chunk_id), bracketOf(title.name)!]));
  const own = new Map(ids.map((id) => [id, senseOfDocument.get(documentOf.get(id))]));
  const written = onlyOnes(
    mentions.flatMap((one) => {
      const bracket = one.entity === entity ? bracketOf(one.name) : null;
      return bracket === null || !names.has(bracket) ? [] : [[one.chunk_id, bracket]];
    }),
  );
  const linked = await linkedSenses(reads.graph, scope, ids.slice(0, mostLinked), own, options);
  const alike = likeliest(entity, mentions, own);
  const senseOf = (id: string): string | undefined => own.get(id) ?? written.get(id) ?? linked.get(id) ?? alike(id);
  const passages = Map.groupBy(ids, senseOf);
  return [...names]
    .map(([bracket, shown]) => ({ name: shown, passages: passages.get(bracket) ?? [] }))
    .toSorted((a, b) => b.passages.length - a.passages.length || (a.name < b.name ? -1 : 1));
}

/** Keys that go with one value only. */
function onlyOnes<Key>(pairs: readonly (readonly [Key, string])[]): ReadonlyMap<Key, string> {
  const values = Map.groupBy(pairs, ([key]) => key);
  return new Map(
    [...values].flatMap(([key, told]) => {
      const distinct = new Set(told.map(([, value]) => value));
      return distinct.size === 1 ? [[key, told[0]![1]] as const] : [];
    }),
  );
}

/** Passages that point at a document of one sense. */
async function linkedSenses(
  graph: GraphStore,
  scope: Scope,
  seeds: readonly string[],
  own: ReadonlyMap<string, string | undefined>,
  options?: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const pointed = await pointedPassages(graph, scope, seeds, mostLinked, options);
  return onlyOnes(
    pointed.flatMap(({ from, to }) => {
      const sense = own.get(to);
      return sense === undefined ? [] : [[from, sense]];
    }),
  );
}

/** By the names that a passage has in common with those of each sense. */
function likeliest(
  entity: string,
  mentions: readonly Mention[],
  own: ReadonlyMap<string, string | undefined>,
): (id: string) => string | undefined {
  const beside = mentions.filter((one) => one.entity !== entity);
  const senses = new Map<string, Set<string>>();
  for (const { entity: other, chunk_id } of beside) {
    const sense = own.get(chunk_id);
    if (sense !== undefined) senses.set(sense, (senses.get(sense) ?? new Set()).add(other));
  }
  const namesIn = Map.groupBy(beside, (one) => one.chunk_id);
  return (id) => {
    const names = new Set(namesIn.get(id)?.map((one) => one.entity));
    const [first, second] = [...senses]
      .map(([sense, known]) => ({ sense, shared: [...names].filter((name) => known.has(name)).length }))
      .toSorted((a, b) => b.shared - a.shared);
    return first && first.shared >= clearly * Math.max(second?.shared ?? 0, 1 / clearly) ? first.sense : undefined;
  };
}

/** The entity as far as it is that sense: passages of no other. */
export const narrowed = (entity: Entity, { name, passages }: Sense): Entity => {
  const own = new Set(passages);
  const isOther = (spelling: string): boolean =>
    bracketOf(spelling) !== null && bracketOf(spelling) !== bracketOf(name);
  return {
    ...entity,
    name,
    aliases: [...new Set([entity.name, ...entity.aliases])].filter((one) => one !== name && !isOther(one)).toSorted(),
    provenance: entity.provenance.filter((id) => own.has(id)),
  };
};

/** The sense that a name asks for by its brackets. */
export const senseAsked = (senses: readonly Sense[], name: string): Sense | undefined => {
  const bracket = bracketOf(name);
  return bracket === null ? undefined : senses.find((sense) => bracketOf(sense.name) === bracket);
};
