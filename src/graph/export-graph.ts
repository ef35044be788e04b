import type { GraphStore } from "../ports/graph-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Entity, Relationship } from "../records.ts";
import type { Scope } from "../scope.ts";
import { edgesTogether, type EdgeTogether } from "./edges-together.ts";

export const exportFormats = ["graphml", "json"] as const;
export type ExportFormat = (typeof exportFormats)[number];

const pageSize = 200;
const mostRelationships = 1000;
/** Passages in which names stand together; of more, a fair sample. */
const mostPassages = 100_000;

/**
 * The graph that the caller sees: its names, what is stated of two of them, and which stand together (in two passages or
 * more, and more often than chance would have it). As text in pieces: of a large graph only the names are in memory, and
 * numbers that say which passage mentions which.
 */
export async function* exportGraph(
  graph: GraphStore,
  scope: Scope,
  format: ExportFormat,
  options?: CallOptions,
): AsyncGenerator<string, void> {
  const write = format === "json" ? jsonWriter : graphmlWriter;
  yield write.begin;
  let isFirst = true;
  const order: string[] = [];
  for await (const entity of allEntities(graph, scope, options)) {
    yield write.entity(entity, isFirst);
    isFirst = false;
    order.push(entity.normalized_name);
  }
  yield write.relationships;
  isFirst = true;
  for await (const entity of allEntities(graph, scope, options)) {
    const request = { entity: entity.normalized_name, limit: mostRelationships };
    for (const relationship of await graph.neighbours(scope, request, options)) {
      // Each is a neighbour of both its ends; the first end tells of it.
      if (relationship.source_entity !== entity.normalized_name) continue;
      yield write.relationship(relationship, isFirst);
      isFirst = false;
    }
  }
  yield write.together;
  isFirst = true;
  const read = await graph.passageNames(scope, { filter: null, limit: mostPassages, known: null }, options);
  for await (const edge of read === null ? [] : edgesTogether(read, order)) {
    yield write.edge(edge, isFirst);
    isFirst = false;
  }
  yield write.end;
}

async function* allEntities(graph: GraphStore, scope: Scope, options?: CallOptions): AsyncGenerator<Entity, void> {
  let cursor: string | null = null;
  do {
    const page = await graph.list(scope, { limit: pageSize, cursor }, options);
    yield* page.items;
    cursor = page.next;
  } while (cursor !== null);
}

interface Writer {
  readonly begin: string;
  readonly relationships: string;
  readonly together: string;
  readonly end: string;
  entity(entity: Entity, isFirst: boolean): string;
  relationship(relationship: Relationship, isFirst: boolean): string;
  edge(edge: EdgeTogether, isFirst: boolean): string;
}

const jsonWriter: Writer = {
  begin: '{"entities":[',
  relationships: '],"relationships":[',
  together: '],"together":[',
  end: "]}\n",
  entity: (entity, isFirst) => `${isFirst ? "" : ","}\n${JSON.stringify(entity)}`,
  relationship: (relationship, isFirst) => `${isFirst ? "" : ","}\n${JSON.stringify(relationship)}`,
  edge: (edge, isFirst) => `${isFirst ? "" : ","}\n${JSON.stringify(edge)}`,
};

/** http://graphml.graphdrawing.org; the form that Gephi, yEd and NetworkX read. */
const graphmlWriter: Writer = {
  begin: `<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="name" for="node" attr.name="name" attr.type="string"/>
<key id="type" for="node" attr.name="type" attr.type="string"/>
<key id="passages" for="node" attr.name="passages" attr.type="int"/>
<key id="relation" for="edge" attr.name="relation" attr.type="string"/>
<key id="description" for="edge" attr.name="description" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="double"/>
<key id="together" for="edge" attr.name="passages" attr.type="int"/>
<key id="npmi" for="edge" attr.name="npmi" attr.type="double"/>
<graph edgedefault="directed">
`,
  relationships: "",
  together: "",
  end: "</graph>\n</graphml>\n",
  entity: ({ normalized_name, name, type, provenance }) =>
    `<node id="${escaped(normalized_name)}"><data key="name">${escaped(name)}</data>` +
    `<data key="type">${escaped(type)}</data><data key="passages">${provenance.length}</data></node>\n`,
  relationship: ({ source_entity, target_entity, type, description, weight }) =>
    `<edge source="${escaped(source_entity)}" target="${escaped(target_entity)}">` +
    `<data key="relation">${escaped(type)}</data><data key="description">${escaped(description)}</data>` +
    `<data key="weight">${weight}</data></edge>\n`,
  edge: ({ source_entity, target_entity, passages, npmi, weight }) =>
    `<edge source="${escaped(source_entity)}" target="${escaped(target_entity)}" directed="false">` +
    `<data key="relation">together</data><data key="together">${passages}</data><data key="npmi">${npmi}</data>` +
    `<data key="weight">${weight}</data></edge>\n`,
};

/** XML 1.0 has no place for other control characters. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
