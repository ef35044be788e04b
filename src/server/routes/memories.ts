import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import { instantOf } from "../../filter/instant.ts";
import type { AgentMemory } from "../../memory/agent-memory.ts";
import type { MemoryStore } from "../../ports/memory-store.ts";
import { sanitizeQuery } from "../../query/query-request.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { ok, route, type Route } from "../route.ts";
import { agentIdSchema, checkMetadata, metadataSchema, pageOf, pageQuery } from "../schemas.ts";

const instant = z
  .string()
  .max(40)
  .refine((text) => instantOf(text) !== null, "an instant in ISO 8601 is expected, such as 2026-01-31T12:00:00Z.")
  .meta({ format: "date-time" });

const type = z.string().min(1).max(100);

const memory = z.object({
  memory_id: z.string(),
  agent_id: z.string(),
  type: z.string(),
  content: z.string(),
  importance: z.number(),
  metadata: metadataSchema,
  valid_from: z.string().nullable(),
  valid_to: z.string().nullable(),
  access_count: z.int(),
  accessed_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  expires_at: z.string().nullable(),
});

const newMemory = z.strictObject({
  memory_id: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,100}$/, "1 to 100 letters, digits and _ . : - are expected.")
    .optional()
    .describe("A memory of the same id is replaced."),
  type: type.default("fact"),
  content: z.string().min(1).max(20_000),
  importance: z.number().min(0).max(1).default(0.5),
  metadata: metadataSchema.optional(),
  valid_from: instant.nullish(),
  valid_to: instant.nullish(),
  expires_at: instant.nullish(),
});

const recollection = memory.extend({
  score: z.number(),
  parts: z.object({ relevance: z.number(), recency: z.number(), importance: z.number() }),
});

const agentParams = z.strictObject({ agent_id: agentIdSchema });
const memoryParams = agentParams.extend({ memory_id: z.string().min(1).max(100) });

const missing = (): never => {
  throw new HybridRAGError("not_found", "There is no such memory, or it has expired.");
};

/** A memory that the caller may not read is not the caller's to replace. */
async function refuseHidden(
  memories: MemoryStore,
  scope: Scope,
  agentId: string,
  memoryId: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (memoryId === undefined || scope.principals === "all") return;
  const found = await memories.get(scope, agentId, memoryId, { signal });
  if (found && !mayRead(scope, found.metadata))
    throw new HybridRAGError("conflict", "This memory id is taken; choose another one.");
}

export function memoryRoutes(memories: MemoryStore, agents: AgentMemory): readonly Route[] {
  const tag = "memories";
  return [
    route({
      method: "post",
      path: "/v1/agents/{agent_id}/memories",
      summary: "Remembers something for an agent",
      tag,
      needs: "query",
      params: agentParams,
      body: newMemory,
      idempotent: true,
      responses: { 201: memory },
      handle: async ({ principal, params: { agent_id }, body, signal }) => {
        const metadata = checkMetadata(body.metadata, "/metadata");
        await refuseHidden(memories, principal.scope, agent_id, body.memory_id, signal);
        return ok(await agents.remember(principal.scope, agent_id, { ...body, metadata }, { signal }), 201);
      },
    }),
    route({
      method: "get",
      path: "/v1/agents/{agent_id}/memories",
      summary: "Memories of an agent, newest first",
      tag,
      needs: "query",
      params: agentParams,
      query: pageQuery.extend({ type: type.optional(), valid_at: instant.optional() }),
      responses: { 200: pageOf("memories", memory) },
      handle: async ({ principal, params: { agent_id }, query, signal }) => {
        const { limit, cursor, type, valid_at } = query;
        const request = {
          limit,
          cursor: cursor ?? null,
          ...(type === undefined ? {} : { type }),
          ...(valid_at === undefined ? {} : { validAt: valid_at }),
        };
        const page = await memories.list(principal.scope, agent_id, request, { signal });
        const readable = page.items.filter(({ metadata }) => mayRead(principal.scope, metadata));
        return ok({ memories: readable, next: page.next });
      },
    }),
    route({
      method: "post",
      path: "/v1/agents/{agent_id}/memories/search",
      summary: "Recalls what bears on a question: relevance, recency and importance together",
      tag,
      needs: "query",
      params: agentParams,
      body: z.strictObject({
        query: z.string().overwrite(sanitizeQuery).min(1).max(10_000),
        limit: z.int().min(1).max(100).default(10),
        type: type.optional(),
        valid_at: instant.optional(),
      }),
      responses: { 200: z.object({ memories: z.array(recollection) }) },
      handle: async ({ principal, params: { agent_id }, body, signal }) => {
        const { valid_at: validAt, ...request } = body;
        return ok({ memories: await agents.recall(principal.scope, agent_id, { ...request, validAt }, { signal }) });
      },
    }),
    route({
      method: "get",
      path: "/v1/agents/{agent_id}/memories/{memory_id}",
      summary: "One memory",
      tag,
      needs: "query",
      params: memoryParams,
      responses: { 200: memory },
      handle: async ({ principal, params: { agent_id, memory_id }, signal }) => {
        const found = await memories.get(principal.scope, agent_id, memory_id, { signal });
        return found && mayRead(principal.scope, found.metadata) ? ok(found) : missing();
      },
    }),
    route({
      method: "delete",
      path: "/v1/agents/{agent_id}/memories/{memory_id}",
      summary: "Forgets a memory",
      tag,
      needs: "query",
      params: memoryParams,
      responses: { 204: null },
      handle: async ({ principal, params: { agent_id, memory_id }, signal }) => {
        const found = await memories.get(principal.scope, agent_id, memory_id, { signal });
        if (!found || !mayRead(principal.scope, found.metadata)) return missing();
        await memories.delete(principal.scope, agent_id, memory_id, { signal });
        return ok(undefined, 204);
      },
    }),
  ];
}
