import { z } from "zod";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import { parseMetadata } from "../ingest/metadata.ts";
import { sessionIdPattern } from "../ports/session-store.ts";
import type { Metadata } from "../records.ts";

/** Shapes that several routes share. */

export const sessionIdSchema = z.string().regex(sessionIdPattern, "1 to 100 letters, digits, _ and - are expected.");

export const agentIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,100}$/, "1 to 100 letters, digits and _ . : - are expected.");

export const agentOfQuestion = agentIdSchema
  .nullish()
  .describe("An agent whose memories of what is asked go to the model that writes the answer, where one does.");

export const documentIdSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]+$/u, "no control characters.");

/** Checked in depth by `checkMetadata`, where the values are used. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .transform((value) => value as Metadata)
  .meta({ type: "object", description: "Scalars, lists of scalars, GeoJSON points, and objects of these." });

/** @throws HybridRAGError `invalid_input`; `details.path` is a JSON pointer that begins with `pointer`. */
export function checkMetadata(value: unknown, pointer: string): Metadata {
  try {
    return parseMetadata(value, pointer);
  } catch (error) {
    if (!isHybridRAGError(error)) throw error;
    const path = String(error.details["path"] ?? pointer);
    const tail = path.slice(pointer.length).replaceAll(".", "/");
    throw new HybridRAGError(error.code, error.message, { cause: error, details: { path: `${pointer}${tail}` } });
  }
}

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().min(1).max(2000).optional().describe("The `next` of the page before."),
});

export const pageOf = <T extends z.ZodType>(name: string, item: T) =>
  z.object({ [name]: z.array(item), next: z.string().nullable() });

export const warningSchema = z.object({ code: z.string(), message: z.string() });

export const spanSchema = z.object({
  start: z.int().describe("In UTF-16 code units of the stored text."),
  end: z.int(),
  page: z.int().nullable(),
});

export const citationSchema = z.object({
  marker: z.int(),
  chunk_id: z.string(),
  document_id: z.string(),
  title: z.string(),
  source: z.string(),
  quote: z.string(),
  start: z.int().describe("In Unicode code points of the stored text."),
  end: z.int(),
  page: z.int().nullable(),
  heading_path: z.array(z.string()),
});

export const communitySchema = z.object({
  id: z.string().optional().describe("Of the collection only: stays while its passages do."),
  names: z.array(z.string()),
  passages: z.int().describe("Among the best hundred found; of the collection: all of them."),
  documents: z.int().optional().describe("Of the collection only: of how many documents the passages are."),
  relations: z
    .array(
      z.object({ source_entity: z.string(), type: z.string(), target_entity: z.string(), description: z.string() }),
    )
    .describe("What the texts say of its first names and others of its names, with the sentence; at most three."),
  parts: z
    .array(z.object({ id: z.string(), names: z.array(z.string()), passages: z.int() }))
    .optional()
    .describe("Of the collection only: what it falls into, the largest first."),
  summary: z.string(),
  summarized_by: z.enum(["quotes", "model"]),
  quotes: z.array(citationSchema.omit({ marker: true })),
});

export const documentSchema = z.object({
  document_id: z.string(),
  title: z.string(),
  source: z.string(),
  mime: z.string(),
  content_hash: z.string(),
  metadata: metadataSchema,
  version: z.int(),
  status: z.enum(["indexed", "failed"]),
  chunks: z.int(),
  characters: z.int(),
  error: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
