import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { GraphStore } from "../../ports/graph-store.ts";
import type { Entity } from "../../records.ts";
import { nameKey } from "../../text/name-key.ts";
import { ok, route, type Call, type Route } from "../route.ts";
import { pageOf, pageQuery } from "../schemas.ts";

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

const params = z.strictObject({ name: z.string().min(1).max(500).describe("In any of its spellings.") });

/** What the documents say about names, and how names are joined. */
export function graphRoutes(graph: GraphStore): readonly Route[] {
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
      handle: async (call) => ok(await find(graph, call)),
    }),
    route({
      method: "get",
      path: "/v1/graph/entities/{name}/neighbors",
      summary: "What an entity is joined to, strongest first",
      tag,
      needs: "query",
      params,
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
      responses: { 200: z.object({ entity, relationships: z.array(relationship) }) },
      handle: async (call) => {
        const found = await find(graph, call);
        const request = { entity: found.normalized_name, limit: call.query.limit };
        const { principal, signal } = call;
        return ok({ entity: found, relationships: await graph.neighbours(principal.scope, request, { signal }) });
      },
    }),
  ];
}

type NameCall = Pick<Call<{ readonly name: string }, unknown, unknown>, "params" | "principal" | "signal">;

async function find(graph: GraphStore, { params, principal, signal }: NameCall): Promise<Entity> {
  const [found] = await graph.entities(principal.scope, [nameKey(params.name)], { signal });
  if (found) return found;
  throw new HybridRAGError("not_found", "No passage that you may read mentions this name.");
}
