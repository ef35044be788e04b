import type { Filter } from "../../filter/filter.ts";
import { compareText } from "../../filter/matches.ts";
import { editedGraph } from "../../edits/edited-graph.ts";
import { editedNames, shownName, type EditedNames } from "../../edits/edited-names.ts";
import type { AskedWeight, EntityWeight } from "../../ports/graph-store.ts";
import type { Assertion, Chunk, Entity, Mention, PassageLink, Relationship } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { documentOfAddress } from "../../text/link-address.ts";
import { allowedChunks } from "./chunks.ts";
import { readableDocuments } from "./documents.ts";
import { frozen, tenantOf, type State } from "./state.ts";

/** The part of the graph that a scope and a filter let through. */
export interface SeenGraph {
  readonly chunks: ReadonlyMap<string, Chunk>;
  readonly mentions: readonly Mention[];
  readonly links: readonly PassageLink[];
  readonly assertions: readonly Assertion[];
  readonly names: EditedNames;
}

export function seen(state: State, scope: Scope, filter: Filter | null): SeenGraph {
  const chunks = new Map(allowedChunks(state, scope, filter).map(({ chunk }) => [chunk.chunk_id, chunk]));
  const names = editedNames(tenantOf(state, scope).edits);
  const graphs = readableDocuments(state, scope).map(({ document, graph }) =>
    editedGraph(names, document.document_id, graph),
  );
  const isSeen = (row: { readonly chunk_id: string }) => chunks.has(row.chunk_id);
  return {
    chunks,
    mentions: graphs.flatMap((graph) => graph.mentions).filter(isSeen),
    links: graphs.flatMap((graph) => graph.links).filter(isSeen),
    assertions: graphs.flatMap((graph) => graph.assertions).filter(isSeen),
    names,
  };
}

export const entitiesOf = (graph: SeenGraph): readonly Entity[] =>
  [...Map.groupBy(graph.mentions, (mention) => mention.entity)]
    .map(([normalized_name, mentions]): Entity => {
      const names = commonestFirst(mentions.map((mention) => mention.name));
      const name = graph.names.touched.has(normalized_name)
        ? shownName(graph.names.givenName(normalized_name), normalized_name, names)!
        : names[0]!;
      return frozen({
        normalized_name,
        name,
        type: commonestFirst(mentions.map((mention) => mention.type))[0]!,
        aliases: names.filter((one) => one !== name).toSorted(compareText),
        description: "",
        provenance: distinct(mentions.map((mention) => mention.chunk_id)),
      });
    })
    .toSorted((a, b) => compareText(a.normalized_name, b.normalized_name));

/** Strongest first: the weight is the sum over the assertions, the description that of the weightiest. */
export const relationshipsOf = (graph: SeenGraph): readonly Relationship[] =>
  [...Map.groupBy(graph.assertions, (a) => JSON.stringify([a.source_entity, a.target_entity, a.type])).values()]
    .map((assertions): Relationship => {
      const strongest = assertions.toSorted(
        (a, b) => b.weight - a.weight || compareText(a.description, b.description),
      )[0]!;
      return frozen({
        source_entity: strongest.source_entity,
        target_entity: strongest.target_entity,
        type: strongest.type,
        description: strongest.description,
        weight: assertions.reduce((sum, assertion) => sum + assertion.weight, 0),
        provenance: distinct(assertions.map((assertion) => assertion.chunk_id)),
      });
    })
    .toSorted(
      (a, b) =>
        b.weight - a.weight ||
        compareText(a.source_entity, b.source_entity) ||
        compareText(a.target_entity, b.target_entity) ||
        compareText(a.type, b.type),
    );

export const weightsOf = (graph: SeenGraph, names: readonly string[]): readonly EntityWeight[] =>
  [...new Set(names)].flatMap((entity) => {
    const mentions = graph.mentions.filter((mention) => mention.entity === entity);
    if (mentions.length === 0) return [];
    return {
      entity,
      passages: distinct(mentions.map((mention) => mention.chunk_id)).length,
      titled: distinct(mentions.filter(isTitle).map((mention) => mention.chunk_id)).length,
    };
  });

/** The sizes of the entities that these names find. */
export const askedWeights = (graph: SeenGraph, names: readonly string[]): readonly AskedWeight[] =>
  [...new Set(names)].flatMap((asked) => {
    const entity = graph.names.entityOf(asked);
    return entity === null ? [] : weightsOf(graph, [entity]).map((weight) => ({ ...weight, asked }));
  });

/** The entities that these names find, each once. */
export const foundBy = (names: EditedNames, asked: readonly string[]): readonly string[] => [
  ...new Set(asked.flatMap((name) => names.entityOf(name) ?? [])),
];

/** Names in the body of a passage that are the title of another one, and addresses that lead to another, per passage. */
export function linksPerPassage(graph: SeenGraph): number {
  const titles = graph.mentions.filter(isTitle);
  const linked = graph.mentions.filter(
    (mention) =>
      !isTitle(mention) &&
      titles.some((title) => title.entity === mention.entity && title.chunk_id !== mention.chunk_id),
  );
  const pairs = new Set(linked.map((mention) => JSON.stringify([mention.chunk_id, mention.entity])));
  const explicit = new Set(
    graph.links
      .filter(
        ({ kind, chunk_id, target }) => kind !== "anchor" && targetsOf(graph, target).some((id) => id !== chunk_id),
      )
      .map((link) => JSON.stringify([link.chunk_id, link.target])),
  );
  return graph.chunks.size === 0 ? 0 : (pairs.size + explicit.size) / graph.chunks.size;
}

/** Where an address leads, in the order of `PassageLink`. */
export function targetsOf(graph: SeenGraph, target: string): readonly string[] {
  const anchored = graph.links.filter((link) => link.kind === "anchor" && link.target === target);
  if (anchored.length > 0) return distinct(anchored.map((link) => link.chunk_id));
  const document = documentOfAddress(target);
  const own = [...graph.chunks.values()].filter((one) => one.source === document || one.document_id === document);
  return own.length > 0 ? distinct(own.map((chunk) => chunk.chunk_id)) : titledBy(graph, graph.names.entityOf(target));
}

export const titledBy = (graph: SeenGraph, entity: string | null): readonly string[] =>
  distinct(graph.mentions.filter((m) => m.entity === entity && isTitle(m)).map((m) => m.chunk_id));

export const isTitle = (mention: Mention): boolean => mention.kind === "title";

export const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted(compareText);

function commonestFirst(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([a, x], [b, y]) => y - x || compareText(a, b)).map(([value]) => value);
}
