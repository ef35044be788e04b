import type { ExplicitLinkKind, GraphStore } from "../ports/graph-store.ts";
import type { CallOptions, Store } from "../ports/store.ts";
import type { Entity } from "../records.ts";
import type { Scope } from "../scope.ts";
import { pointingSentence } from "./evidence-sentence.ts";
import { pointedPassages } from "./pointed-passages.ts";

/** A passage of the entity points at another one. */
export interface LinkOfEntity {
  readonly kind: ExplicitLinkKind;
  readonly address: string;
  readonly from_chunk_id: string;
  /** Of the passage that is pointed at, as the rest. */
  readonly chunk_id: string;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly heading_path: readonly string[];
  /** That points there. */
  readonly sentence: string;
}

type OwnNames = Pick<Entity, "normalized_name" | "provenance">;

/** Passages of an entity whose links are followed, and passages behind each of these. */
const mostPassages = 100;
const mostPointed = 20;

/** Each passage that is pointed at once for each that points there. */
export async function linksOfEntity(
  { graph, chunks }: Pick<Store, "graph" | "chunks">,
  scope: Scope,
  entity: OwnNames,
  limit: number,
  options?: CallOptions,
): Promise<readonly LinkOfEntity[]> {
  const { titled, telling } = await titledFirst(graph, scope, entity, options);
  const seeds = telling.slice(0, titled === 0 ? mostPassages : titled);
  const pointed = await pointedPassages(graph, scope, seeds, mostPointed, options);
  const links = [...new Map(pointed.toReversed().map((link) => [`${link.from} ${link.to}`, link])).values()]
    .toReversed()
    .slice(0, limit);
  if (links.length === 0) return [];
  const ids = [...new Set(links.flatMap(({ from, to }) => [from, to]))];
  const [read, pointers] = await Promise.all([chunks.get(scope, ids, options), graph.pointers(scope, seeds, options)]);
  const known = new Map(read.map((chunk) => [chunk.chunk_id, chunk]));
  return links.flatMap(({ from, to, kind, address }) => {
    const [source, target] = [known.get(from), known.get(to)];
    if (!source || !target) return [];
    const sentence = pointingSentence(source, { kind, address }, pointers);
    const { chunk_id, document_id, title, source: file, heading_path } = target;
    const place = { chunk_id, document_id, title, source: file, heading_path };
    return [{ kind, address, from_chunk_id: from, ...place, sentence }];
  });
}

/** Passages that an entity is the title of come first. */
export async function titledFirst(
  graph: GraphStore,
  scope: Scope,
  { normalized_name, provenance }: OwnNames,
  options?: CallOptions,
): Promise<{ readonly titled: number; readonly telling: readonly string[] }> {
  const mentions = await graph.mentions(scope, provenance.slice(0, mostPassages), options);
  const titled = new Set(
    mentions
      .filter(({ entity, kind }) => entity === normalized_name && kind === "title")
      .map((mention) => mention.chunk_id),
  );
  return { titled: titled.size, telling: [...new Set([...titled, ...provenance])] };
}
