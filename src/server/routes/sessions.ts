import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import { sanitizeQuery } from "../../query/query-request.ts";
import { checkMetadata, metadataSchema, pageOf, pageQuery, sessionIdSchema } from "../schemas.ts";
import { ok, route, type Route } from "../route.ts";

const session = z.object({
  session_id: z.string(),
  metadata: metadataSchema,
  summary: z.string(),
  summarized_to: z.int(),
  messages: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
  expires_at: z.string(),
});

const message = z.object({
  session_id: z.string(),
  sequence: z.int(),
  role: z.enum(["user", "assistant", "system"]),
  content: z.string(),
  metadata: metadataSchema,
  created_at: z.string(),
});

const recalled = message.omit({ session_id: true }).extend({
  score: z.number(),
  legs: z.object({ vector: z.number().nullable(), text: z.number() }),
});

const found = z.object({
  session_id: z.string(),
  query: z.string(),
  kind: z.enum(["fact", "list", "ordering", "summary"]),
  results: z.array(recalled),
  standing: z.array(recalled.extend({ standing: z.enum(["instruction", "preference"]) })),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
});

const params = z.strictObject({ session_id: sessionIdSchema });

const missing = (): never => {
  throw new HybridRAGError("not_found", "There is no such session, or it has expired.");
};

export function sessionRoutes(
  { sessions, turns }: Pick<HybridRAG, "sessions" | "turns">,
  ttlMs: number,
): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/v1/sessions",
      summary: "Conversations, most recently updated first",
      tag: "sessions",
      needs: "query",
      query: pageQuery.extend({ user_id: z.string().max(200).optional() }),
      responses: { 200: pageOf("sessions", session) },
      handle: async ({ principal, query, signal }) => {
        const page = await sessions.list(
          principal.scope,
          { limit: query.limit, cursor: query.cursor ?? null, ...(query.user_id ? { userId: query.user_id } : {}) },
          { signal },
        );
        return ok({ sessions: page.items, next: page.next });
      },
    }),
    route({
      method: "post",
      path: "/v1/sessions",
      summary: "Opens a conversation, or refreshes one that exists",
      tag: "sessions",
      needs: "query",
      body: z.strictObject({ session_id: sessionIdSchema, metadata: metadataSchema.optional() }),
      idempotent: true,
      responses: { 201: session },
      handle: async ({ principal, body, signal }) => {
        const metadata = checkMetadata(body.metadata, "/metadata");
        const request = { sessionId: body.session_id, ttlMs, metadata };
        return ok(await sessions.open(principal.scope, request, { signal }), 201);
      },
    }),
    route({
      method: "get",
      path: "/v1/sessions/{session_id}",
      summary: "One conversation",
      tag: "sessions",
      needs: "query",
      params,
      responses: { 200: session },
      handle: async ({ principal, params: { session_id }, signal }) =>
        ok((await sessions.get(principal.scope, session_id, { signal })) ?? missing()),
    }),
    route({
      method: "delete",
      path: "/v1/sessions/{session_id}",
      summary: "Removes a conversation with all its messages",
      tag: "sessions",
      needs: "query",
      params,
      responses: { 204: null },
      handle: async ({ principal, params: { session_id }, signal }) =>
        (await sessions.delete(principal.scope, session_id, { signal })) ? ok(undefined, 204) : missing(),
    }),
    route({
      method: "get",
      path: "/v1/sessions/{session_id}/messages",
      summary: "Messages in their order",
      tag: "sessions",
      needs: "query",
      params,
      query: z.strictObject({
        after: z.coerce.number().int().min(0).optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      responses: { 200: z.object({ messages: z.array(message), next: z.int().nullable() }) },
      handle: async ({ principal, params: { session_id }, query, signal }) => {
        if (!(await sessions.get(principal.scope, session_id, { signal }))) missing();
        const request = { after: query.after ?? 0, limit: query.limit };
        const messages = await sessions.messages(principal.scope, session_id, request, { signal });
        return ok({ messages, next: messages.length === query.limit ? (messages.at(-1)?.sequence ?? null) : null });
      },
    }),
    route({
      method: "post",
      path: "/v1/sessions/{session_id}/messages",
      summary: "Appends messages in one step",
      tag: "sessions",
      needs: "query",
      params,
      body: z.strictObject({
        messages: z
          .array(
            z.strictObject({
              role: z.enum(["user", "assistant", "system"]),
              content: z.string().min(1).max(100_000),
              metadata: metadataSchema.optional(),
            }),
          )
          .min(1)
          .max(100),
      }),
      idempotent: true,
      recordsItself: true,
      responses: { 201: z.object({ messages: z.array(message) }) },
      handle: async ({ principal, params: { session_id }, body, signal }) => {
        const given = body.messages.map((message, index) => ({
          ...message,
          metadata: checkMetadata(message.metadata, `/messages/${index}/metadata`),
        }));
        return ok({ messages: await sessions.append(principal.scope, session_id, given, { signal, ttlMs }) }, 201);
      },
    }),
    route({
      method: "post",
      path: "/v1/sessions/{session_id}/search",
      summary: "What was said in a conversation that bears on a question, with standing instructions and preferences",
      tag: "sessions",
      needs: "query",
      params,
      body: z.strictObject({
        query: z.string().overwrite(sanitizeQuery).min(1).max(10_000),
        limit: z.int().min(1).max(100).optional(),
      }),
      responses: { 200: found },
      handle: async ({ principal, params: { session_id }, body, signal }) =>
        ok(await turns.search(principal.scope, session_id, body, { signal })),
    }),
  ];
}
