import { z } from "zod";
import { entityPage, neighbourhood, type GraphReads } from "../../graph/entity-page.ts";
import { evidencePath, mostSteps } from "../../graph/evidence-path.ts";
import { exportFormats, exportGraph, type ExportFormat } from "../../graph/export-graph.ts";
import { findEntity } from "../../graph/find-entity.ts";
import { explicitLinkKinds } from "../../ports/graph-store.ts";
import type { Entity } from "../../records.ts";
import { nameKey } from "../../text/name-key.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import { mostThemes } from "../../query/collection-themes.ts";
import { filterOf } from "../json-field.ts";
import { ok, route, type Call, type Route } from "../route.ts";
import { communitySchema, pageOf, pageQuery, warningSchema } from "../schemas.ts";

const entity = z.object({
  normalized_name: z.string(),
  name: z.string(),
  type: z.string(),
  aliases: z.array(z.string()),
  description: z.string(),
  provenance: z.array(z.string()),
});

const relationship = z.object({
  source_entity: z.string(),
  target_entity: z.string(),
  type: z.string(),
  description: z.string(),
  weight: z.number(),
  provenance: z.array(z.string()),
});

const together = z.object({
  entity: z.string().describe("Its normalised name."),
  name: z.string(),
  passages: z.int().describe("That mention both."),
  npmi: z.number().describe("Normalised pointwise mutual information, -1 to 1."),
  weight: z.number(),
});

const edgeTogether = z
  .object({
    source_entity: z.string(),
    target_entity: z.string(),
    passages: z.int().describe("That mention both, two at least."),
    npmi: z.number(),
    weight: z.number(),
  })
  .describe("Two names that stand together more often than chance would have it.");

const linkKind = z.enum([...explicitLinkKinds] as [string, ...string[]]);

const link = z.object({
  kind: linkKind,
  address: z.string(),
  from_chunk_id: z.string(),
  chunk_id: z.string().describe("Of the passage that is pointed at, as the rest."),
  document_id: z.string(),
  title: z.string(),
  source: z.string(),
  heading_path: z.array(z.string()),
  sentence: z.string().describe("That points there."),
});

const evidence = z.object({
  chunk_id: z.string(),
  document_id: z.string(),
  title: z.string(),
  source: z.string(),
  sentence: z.string(),
});

const path = z.object({
  from: z.string(),
  to: z.string(),
  from_name: z.string(),
  to_name: z.string(),
  found: z.boolean(),
  steps: z.array(
    evidence.extend({
      from: z.string().describe("A normalised name; of a passage that a link leads to, its title."),
      to: z.string(),
      from_name: z.string(),
      to_name: z.string(),
      link: z
        .object({ kind: linkKind, address: z.string() })
        .nullable()
        .describe("Where the passage points at the next one instead of mentioning both names."),
    }),
  ),
  closest: z.string().nullable().describe("Where there is no path: the name reached that is most like the one wanted."),
});

const around = z.object({
  entity,
  senses: z
    .array(z.object({ name: z.string(), passages: z.int() }))
    .describe("Several things of this name, as titles tell them apart by brackets; each can be asked for so."),
  relationships: z.array(relationship),
  together: z.array(together),
  links: z
    .array(link)
    .describe("Where its passages point themselves: those that it is the title of, else those that mention it."),
});

const page = around.extend({
  passages: z.int().describe("That mention it."),
  titled: z.int().describe("Passages whose title it is."),
  evidence: z.array(evidence).describe("Sentences that mention it, of passages with it as their title first."),
});

const themesResponse = z.object({
  communities: z.array(communitySchema).describe("The largest first."),
  count: z.int().describe("Communities in all."),
  passages: z.int().describe("Passages that were looked at."),
  total: z.int().describe("Passages that the caller may read and the filter lets through."),
  alone: z.int().describe("Passages that share no name with any other."),
  warnings: z.array(warningSchema),
});

const params = z.strictObject({ name: z.string().min(1).max(500).describe("In any of its spellings.") });

const contentTypes: Readonly<Record<ExportFormat, string>> = {
  graphml: "application/graphml+xml",
  json: "application/json",
};

/** What the documents say about names, and how names are joined. */
export function graphRoutes({ store, themes }: Pick<HybridRAG, "store" | "themes">): readonly Route[] {
  const { graph } = store;
  const tag = "graph";
  return [
    route({
      method: "get",
      path: "/v1/graph",
      summary: "The size of the graph",
      tag,
      needs: "query",
      responses: { 200: z.object({ entities: z.int(), relationships: z.int(), passages: z.int() }) },
      handle: async ({ principal, signal }) => {
        const { entities, relationships, passages } = await graph.count(principal.scope, { signal });
        return ok({ entities, relationships, passages });
      },
    }),
    route({
      method: "get",
      path: "/v1/graph/entities",
      summary: "Entities, ordered by normalised name",
      tag,
      needs: "query",
      query: pageQuery.extend({ prefix: z.string().max(500).optional().describe("How the name begins.") }),
      responses: { 200: pageOf("entities", entity) },
      handle: async ({ principal, query: { limit, cursor, prefix }, signal }) => {
        const request = { limit, cursor: cursor ?? null, ...(prefix === undefined ? {} : { prefix: nameKey(prefix) }) };
        const page = await graph.list(principal.scope, request, { signal });
        return ok({ entities: page.items, next: page.next });
      },
    }),
    route({
      method: "get",
      path: "/v1/graph/entities/{name}",
      summary: "One entity",
      tag,
      needs: "query",
      params,
      responses: { 200: entity },
      handle: async (call) => ok(await find(store, call)),
    }),
    route({
      method: "get",
      path: "/v1/graph/entities/{name}/page",
      summary: "Everything about an entity at a glance: its names, its size, what it is joined to, and sentences",
      tag,
      needs: "query",
      params,
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(10) }),
      responses: { 200: page },
      handle: async ({ principal, params: { name }, query: { limit }, signal }) =>
        ok(await entityPage(store, principal.scope, name, limit, { signal })),
    }),
    route({
      method: "get",
      path: "/v1/graph/entities/{name}/neighbors",
      summary:
        "What an entity is joined to, by statements and by standing in the same passages, strongest first; and by links",
      tag,
      needs: "query",
      params,
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
      responses: { 200: around },
      handle: async ({ principal, params: { name }, query: { limit }, signal }) =>
        ok(await neighbourhood(store, principal.scope, name, limit, { signal })),
    }),
    route({
      method: "get",
      path: "/v1/graph/communities",
      summary:
        "What the documents that the caller may read are about: the largest communities, each with its sentences",
      tag,
      needs: "query",
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(mostThemes).default(10),
        filters: z.string().max(20_000).optional().describe("Conditions as JSON."),
      }),
      responses: { 200: themesResponse },
      handle: async ({ principal, query: { limit, filters }, signal }) => {
        const { usage: _, ...found } = await themes(principal.scope, { limit, filter: filterOf(filters), signal });
        return ok(found);
      },
    }),
    route({
      method: "get",
      path: "/v1/graph/export",
      summary: "The whole graph that the caller sees, sent as it is read",
      tag,
      needs: "query",
      query: z.strictObject({
        format: z.enum(exportFormats).default("graphml").describe("GraphML is read by Gephi, yEd and NetworkX."),
      }),
      textTypes: [contentTypes.graphml],
      responses: {
        200: z.object({
          entities: z.array(entity),
          relationships: z.array(relationship),
          together: z.array(edgeTogether),
        }),
      },
      handle: async ({ principal, query: { format }, signal }) => ({
        pieces: exportGraph(graph, principal.scope, format, { signal }),
        headers: {
          "content-type": `${contentTypes[format]}; charset=utf-8`,
          "content-disposition": `attachment; filename="graph.${format}"`,
        },
      }),
    }),
    route({
      method: "get",
      path: "/v1/graph/path",
      summary: "The fewest passages that lead from one name to another, with their sentences",
      tag,
      needs: "query",
      query: z.strictObject({
        from: params.shape.name,
        to: params.shape.name,
        steps: z.coerce.number().int().min(1).max(mostSteps).default(mostSteps).describe("Passages at most."),
      }),
      responses: { 200: path },
      handle: async ({ principal, query: { from, to, steps }, signal }) =>
        ok(await evidencePath(store, principal.scope, { from, to, maxSteps: steps }, { signal })),
    }),
  ];
}

type NameCall = Pick<Call<{ readonly name: string }, unknown, unknown>, "params" | "principal" | "signal">;

const find = ({ graph }: GraphReads, { params: { name }, principal, signal }: NameCall): Promise<Entity> =>
  findEntity(graph, principal.scope, name, { signal });
