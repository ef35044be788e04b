import { z } from "zod";
import { HybridRAGError } from "../errors.ts";

const entity = z.string().min(1).max(500).describe("The entity, by any of its names.");
const name = z.string().trim().min(1).max(500);
const some = (what: string) => z.array(z.string().min(1).max(1000)).max(1000).default([]).describe(what);

/** What somebody wants changed about the graph: the one source of validation and of types. */
export const editRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("merge"),
    entity,
    into: z.string().min(1).max(500).describe("The entity that it is one with, by any of its names."),
  }),
  z.strictObject({ kind: z.literal("rename"), entity, name: name.describe("What it is to be called.") }),
  z.strictObject({
    kind: z.literal("split"),
    entity,
    name: name.describe("What the entity of its own is to be called."),
    chunk_ids: some("Its mentions in these passages leave."),
    document_ids: some("Its mentions in these documents leave, those of later versions too."),
    spellings: some("Its mentions that are written just so leave, wherever they are."),
  }),
  z.strictObject({ kind: z.literal("delete"), entity }),
]);

/** As callers write it; lists may be absent. */
export type EditRequest = z.input<typeof editRequestSchema>;
export type CheckedEditRequest = z.output<typeof editRequestSchema>;

/** @throws HybridRAGError `invalid_input` with the place of the first fault. */
export function parseEditRequest(value: unknown): CheckedEditRequest {
  const result = editRequestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = `/${(issue?.path ?? []).join("/")}`;
  throw new HybridRAGError("invalid_input", `The edit is wrong at ${path}: ${issue?.message}`, { details: { path } });
}
