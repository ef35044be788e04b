import type { CallOptions, Store } from "../ports/store.ts";
import type { Chunk, Entity, Relationship } from "../records.ts";
import type { Scope } from "../scope.ts";
import { nameKey } from "../text/name-key.ts";
import { evidenceSentence } from "./evidence-sentence.ts";
import { findEntity } from "./find-entity.ts";
import { narrowed, senseAsked, sensesOf } from "./senses.ts";
import { linksOfEntity, titledFirst, type LinkOfEntity } from "./links-of-entity.ts";
import { namesTogether, type NameTogether } from "./names-together.ts";

export type GraphReads = Pick<Store, "graph" | "chunks" | "documents">;

/** A sentence that shows something, and where it stands. */
export interface EvidenceSentence {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly sentence: string;
}

export interface Neighbourhood {
  /** Where the name was asked for with the brackets of one sense ("Mercury (planet)"): as far as it is that one. */
  readonly entity: Entity;
  /** Several things of this name, as their titles tell them apart; empty for nearly every name. */
  readonly senses: readonly { readonly name: string; readonly passages: number }[];
  /** What the texts say of it and another name, strongest first. */
  readonly relationships: readonly Relationship[];
  readonly together: readonly NameTogether[];
  /** Where its passages point themselves: those that it is the title of, else those that mention it. */
  readonly links: readonly LinkOfEntity[];
}

export interface EntityPage extends Neighbourhood {
  readonly passages: number;
  /** Passages whose title it is. */
  readonly titled: number;
  readonly evidence: readonly EvidenceSentence[];
}

/**
 * The names that an entity is joined to, by statements and by standing together.
 * @throws HybridRAGError `not_found` with the nearest names.
 */
export async function neighbourhood(
  reads: GraphReads,
  scope: Scope,
  name: string,
  limit: number,
  options?: CallOptions,
): Promise<Neighbourhood> {
  const { graph, documents } = reads;
  const { entity, senses, isNarrowed } = await findMeant(reads, scope, name, options);
  const { chunks } = await documents.count(scope, options);
  const own = new Set(entity.provenance);
  const [around, together, links] = await Promise.all([
    graph.neighbours(scope, { entity: entity.normalized_name, limit: isNarrowed ? mostRelationships : limit }, options),
    namesTogether(graph, scope, entity, chunks, options),
    linksOfEntity(reads, scope, entity, limit, options),
  ]);
  const relationships = around.filter(({ provenance }) => !isNarrowed || provenance.some((id) => own.has(id)));
  const told = senses.map(({ name: sense, passages }) => ({ name: sense, passages: passages.length }));
  return {
    entity,
    senses: told,
    relationships: relationships.slice(0, limit),
    together: together.slice(0, limit),
    links,
  };
}

/** Statements of a name that are read where only some of them are of the sense that was asked for. */
const mostRelationships = 1000;

/**
 * The entity of a name, narrowed to the sense that its brackets ask for, where there is such a one.
 * @throws HybridRAGError `not_found` with the nearest names.
 */
export async function findMeant(reads: GraphReads, scope: Scope, name: string, options?: CallOptions) {
  const found = await findEntity(reads.graph, scope, name, options);
  const senses = await sensesOf(reads, scope, found, options);
  const asked = senseAsked(senses, name);
  return { entity: asked ? narrowed(found, asked) : found, senses, isNarrowed: asked !== undefined };
}

const shownSentences = 5;

/**
 * Everything at a glance: names, size, neighbours, and sentences that mention it.
 * @throws HybridRAGError `not_found` with the nearest names.
 */
export async function entityPage(
  reads: GraphReads,
  scope: Scope,
  name: string,
  limit: number,
  options?: CallOptions,
): Promise<EntityPage> {
  const around = await neighbourhood(reads, scope, name, limit, options);
  const { normalized_name, name: shown, aliases, provenance } = around.entity;
  const names = [...new Set([normalized_name, ...[shown, ...aliases].map(nameKey)])];
  const { titled, telling } = await titledFirst(reads.graph, scope, around.entity, options);
  const [weight] = await reads.graph.weigh(scope, [normalized_name], options);
  const isWhole = weight?.passages === provenance.length;
  const chunks = await reads.chunks.get(scope, telling.slice(0, shownSentences), options);
  const evidence = chunks.map((chunk) => sentenceOf(chunk, evidenceSentence([chunk.content], names)));
  return { ...around, passages: provenance.length, titled: isWhole ? weight.titled : titled, evidence };
}

export const sentenceOf = ({ chunk_id, document_id, title, source }: Chunk, sentence: string): EvidenceSentence => ({
  chunk_id,
  document_id,
  title,
  source,
  sentence,
});
