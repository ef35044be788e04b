import type { GraphStore } from "../ports/graph-store.ts";
import type { CallOptions, Store } from "../ports/store.ts";
import type { Chunk, Entity, Relationship } from "../records.ts";
import type { Scope } from "../scope.ts";
import { nameKey } from "../text/name-key.ts";
import { evidenceSentence } from "./evidence-sentence.ts";
import { findEntity } from "./find-entity.ts";
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
  readonly entity: Entity;
  /** What the texts say of it and another name, strongest first. */
  readonly relationships: readonly Relationship[];
  readonly together: readonly NameTogether[];
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
  { graph, documents }: Pick<GraphReads, "graph" | "documents">,
  scope: Scope,
  name: string,
  limit: number,
  options?: CallOptions,
): Promise<Neighbourhood> {
  const entity = await findEntity(graph, scope, name, options);
  const { chunks } = await documents.count(scope, options);
  const [relationships, together] = await Promise.all([
    graph.neighbours(scope, { entity: entity.normalized_name, limit }, options),
    namesTogether(graph, scope, entity, chunks, options),
  ]);
  return { entity, relationships, together: together.slice(0, limit) };
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
  const [weight] = await reads.graph.weigh(scope, [normalized_name], options);
  const chunks = await reads.chunks.get(scope, await telling(reads.graph, scope, around.entity, options), options);
  const evidence = chunks.map((chunk) => sentenceOf(chunk, evidenceSentence([chunk.content], names)));
  return { ...around, passages: provenance.length, titled: weight?.titled ?? 0, evidence };
}

/** Passages that it is the title of come first. */
async function telling(
  graph: GraphStore,
  scope: Scope,
  { normalized_name, provenance }: Entity,
  options?: CallOptions,
): Promise<readonly string[]> {
  const mentions = await graph.mentions(scope, provenance.slice(0, 100), options);
  const titled = new Set(
    mentions
      .filter(({ entity, kind }) => entity === normalized_name && kind === "title")
      .map((mention) => mention.chunk_id),
  );
  return [...new Set([...titled, ...provenance])].slice(0, shownSentences);
}

export const sentenceOf = ({ chunk_id, document_id, title, source }: Chunk, sentence: string): EvidenceSentence => ({
  chunk_id,
  document_id,
  title,
  source,
  sentence,
});
