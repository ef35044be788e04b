import { compareText } from "../filter/matches.ts";
import type { Assertion, DocumentGraph, Mention } from "../records.ts";
import type { EditedNames } from "./edited-names.ts";

/**
 * What a document's passages say once edits are read over it: mentions of a deleted entity are gone, and with them what
 * was stated of it; so is a statement whose two names became one.
 */
export function editedGraph(names: EditedNames, documentId: string, graph: DocumentGraph): DocumentGraph {
  if (names.touched.size === 0) return graph;
  const spellings = spellingsOf(graph.mentions);
  return {
    links: graph.links,
    mentions: graph.mentions.flatMap((mention) => {
      const entity = editedMention(names, documentId, mention);
      return entity === null ? [] : { ...mention, entity };
    }),
    assertions: graph.assertions.flatMap((assertion) => {
      const ends = editedEnds(names, documentId, assertion, spellings);
      return ends === null ? [] : { ...assertion, source_entity: ends[0], target_entity: ends[1] };
    }),
  };
}

export const editedMention = (
  names: EditedNames,
  document_id: string,
  { entity, chunk_id, name }: Pick<Mention, "entity" | "chunk_id" | "name">,
): string | null => names.entityAt({ entity, chunk_id, document_id, name });

/** How a passage writes an extracted name; null when it does not mention it. */
export type Spellings = (chunkId: string, entity: string) => string | null;

export type Spelled = Pick<Mention, "chunk_id" | "entity" | "name" | "kind" | "start">;

/** A statement is made in the body, so the first mention there speaks before a title. */
export function spellingsOf(mentions: readonly Spelled[]): Spellings {
  const keyOf = (chunkId: string, entity: string): string => JSON.stringify([chunkId, entity]);
  const first = new Map<string, Spelled>();
  for (const mention of mentions) {
    const key = keyOf(mention.chunk_id, mention.entity);
    const known = first.get(key);
    if (!known || compareSpelled(mention, known) < 0) first.set(key, mention);
  }
  return (chunkId, entity) => first.get(keyOf(chunkId, entity))?.name ?? null;
}

const compareSpelled = (a: Spelled, b: Spelled): number =>
  Number(a.kind === "title") - Number(b.kind === "title") ||
  (a.start ?? Infinity) - (b.start ?? Infinity) ||
  compareText(a.name, b.name);

/** The entities that a statement joins; null when it joins nothing any more. */
export function editedEnds(
  names: EditedNames,
  document_id: string,
  { chunk_id, source_entity, target_entity }: Pick<Assertion, "chunk_id" | "source_entity" | "target_entity">,
  spellings: Spellings,
): readonly [source: string, target: string] | null {
  const entityOf = (entity: string): string | null =>
    names.entityAt({ entity, chunk_id, document_id, name: spellings(chunk_id, entity) });
  const [source, target] = [entityOf(source_entity), entityOf(target_entity)];
  if (source === null || target === null) return null;
  return source === target && source_entity !== target_entity ? null : [source, target];
}
