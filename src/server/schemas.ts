import { z } from "zod";
import type { Metadata } from "../records.ts";

/** Shapes that several routes share. */

export const sessionIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, "1 to 100 letters, digits, _ and - are expected.");

export const documentIdSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]+$/u, "no control characters.");

/** Checked in depth by `parseMetadata`, where the values are used. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .transform((value) => value as Metadata)
  .meta({ type: "object", description: "Scalars, lists of scalars, GeoJSON points, and objects of these." });

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().min(1).max(2000).optional().describe("The `next` of the page before."),
});

export const pageOf = <T extends z.ZodType>(name: string, item: T) =>
  z.object({ [name]: z.array(item), next: z.string().nullable() });

export const warningSchema = z.object({ code: z.string(), message: z.string() });

export const spanSchema = z.object({ start: z.int(), end: z.int(), page: z.int().nullable() });

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
