import { z } from "zod";
import { editRequestSchema } from "../../graph/edit-request.ts";
import type { GraphEditor } from "../../graph/edit-graph.ts";
import { ok, route, type Route } from "../route.ts";
import { pageOf, pageQuery } from "../schemas.ts";

const edit = z.object({
  edit_id: z.string(),
  sequence: z.int(),
  kind: z.enum(["merge", "rename", "split", "delete"]),
  entity: z.string().describe("Normalised name of the entity whose mentions it takes."),
  into: z.string().nullable().describe("Normalised name of the entity that they belong to; null: none."),
  name: z.string().nullable().describe("What that entity was called, in a rename or a split."),
  chunk_ids: z.array(z.string()),
  document_ids: z.array(z.string()),
  spellings: z.array(z.string()),
  actor: z.string(),
  created_at: z.string(),
  undone: z.object({ actor: z.string(), at: z.string() }).nullable().describe("Null while it holds."),
});

/**
 * Whoever may put and delete documents may say what their names mean. Each needs a credential that reads everything of
 * the tenant: an edit holds for all, and names what it found.
 */
export function graphEditRoutes(editor: GraphEditor): readonly Route[] {
  const tag = "graph";
  return [
    route({
      method: "get",
      path: "/v1/graph/edits",
      summary: "Edits of the graph, newest first, the undone among them",
      tag,
      needs: "ingest",
      query: pageQuery,
      responses: { 200: pageOf("edits", edit) },
      handle: async ({ principal, query: { limit, cursor }, signal }) => {
        const page = await editor.edits(principal.scope, { limit, cursor: cursor ?? null }, { signal });
        return ok({ edits: page.items, next: page.next });
      },
    }),
    route({
      method: "post",
      path: "/v1/graph/edits",
      summary: "Merges, renames, splits or deletes an entity; holds for what is ingested later too",
      tag,
      needs: "ingest",
      body: editRequestSchema,
      idempotent: true,
      responses: { 201: edit },
      handle: async ({ principal, body, signal }) =>
        ok(await editor.edit(principal.scope, body, { actor: principal.actor, signal }), 201),
    }),
    route({
      method: "delete",
      path: "/v1/graph/edits/{edit_id}",
      summary: "Undoes an edit; refused while later edits rest on it",
      tag,
      needs: "ingest",
      params: z.strictObject({ edit_id: z.string().min(1).max(100) }),
      responses: { 200: edit },
      handle: async ({ principal, params: { edit_id }, signal }) =>
        ok(await editor.undo(principal.scope, edit_id, { actor: principal.actor, signal })),
    }),
  ];
}
