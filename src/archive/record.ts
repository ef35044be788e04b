import { z } from "zod";
import type { StoredMemory } from "../ports/memory-store.ts";
import type { IndexIdentity } from "../ports/store.ts";
import type {
  Assertion,
  Chunk,
  Document,
  GraphEdit,
  Memory,
  Mention,
  Message,
  Metadata,
  PassageLink,
  Session,
} from "../records.ts";

/** Counts up when a reader of before could not read what is written now. */
export const archiveFormat = 2;

/**
 * What the lines of an archive hold, in this order: the header; the edits of the graph, if there are any; each document, then its text in parts, then its chunks,
 * each with what the graph learnt from it; each session, then its messages; each memory; the footer. A tenant is not
 * named anywhere: who imports says whose it becomes.
 */
const text = z.string();
const count = z.int().min(0);
/** Metadata is any JSON object. */
const metadata = z.custom<Metadata>((value) => typeof value === "object" && value !== null && !Array.isArray(value));
/** As the stores print instants, so that they can be compared as text. */
const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** Little-endian float32 in base64: the bits of the vector, not its digits. */
const vector = z
  .string()
  .transform((base64) => Buffer.from(base64, "base64"))
  .refine((bytes) => bytes.length % 4 === 0)
  .transform((bytes) => {
    const values = new Float32Array(bytes.length / 4);
    new Uint8Array(values.buffer).set(bytes);
    return values;
  })
  .nullable();

export const vectorText = (values: Float32Array | null): string | null =>
  values && Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

const identity: z.ZodType<IndexIdentity> = z.strictObject({ embedder: text, dimensions: count, chunker: text });

const document: z.ZodType<Document> = z.strictObject({
  document_id: text,
  title: text,
  source: text,
  mime: text,
  content_hash: text,
  metadata,
  version: z.int().min(1),
  status: z.enum(["indexed", "failed"]),
  chunks: count,
  characters: count,
  error: text.nullable(),
  created_at: instant,
  updated_at: instant,
});

const chunkFields = {
  chunk_id: text,
  document_id: text,
  ordinal: count,
  title: text,
  source: text,
  content: text,
  span: z.strictObject({ start: count, end: count, page: z.int().nullable() }),
  heading_path: z.array(text),
  token_count: count,
  metadata,
} satisfies Record<keyof Chunk, z.ZodType>;

const mention: z.ZodType<Mention> = z.strictObject({
  chunk_id: text,
  entity: text,
  name: text,
  kind: z.enum(["title", "heading", "term", "body"]),
  type: text,
  start: count.nullable(),
  end: count.nullable(),
});

const link: z.ZodType<PassageLink> = z.strictObject({
  chunk_id: text,
  kind: z.enum(["hyperlink", "reference", "file", "ticket", "reply", "citation", "anchor"]),
  target: text,
  start: count,
  end: count,
});

const assertion: z.ZodType<Assertion> = z.strictObject({
  chunk_id: text,
  source_entity: text,
  target_entity: text,
  type: text,
  description: text,
  weight: z.number(),
  confidence: z.enum(["low", "high"]),
});

const taken = { entity: text, into: text };

const graphEdit: z.ZodType<GraphEdit> = z.strictObject({
  edit_id: text,
  sequence: z.int().min(1),
  actor: text,
  created_at: text,
  change: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("merge"), ...taken }),
    z.strictObject({ kind: z.literal("rename"), ...taken, name: text }),
    z.strictObject({
      kind: z.literal("split"),
      ...taken,
      name: text,
      chunk_ids: z.array(text),
      document_ids: z.array(text),
      spellings: z.array(text),
    }),
    z.strictObject({ kind: z.literal("delete"), entity: text }),
    z.strictObject({ kind: z.literal("undo"), edit_id: text }),
  ]),
});

const chunk = z.strictObject({
  ...chunkFields,
  embedding_hash: text,
  vector,
  mentions: z.array(mention),
  links: z.array(link),
  assertions: z.array(assertion),
});

const session: z.ZodType<Session> = z.strictObject({
  session_id: text,
  metadata,
  summary: text,
  summarized_to: count,
  messages: count,
  created_at: instant,
  updated_at: instant,
  expires_at: instant,
});

const message: z.ZodType<Message> = z.strictObject({
  session_id: text,
  sequence: z.int().min(1),
  role: z.enum(["user", "assistant", "system"]),
  content: text,
  metadata,
  created_at: instant,
});

const memory: z.ZodType<Memory> = z.strictObject({
  memory_id: text,
  agent_id: text,
  type: text,
  content: text,
  importance: z.number(),
  metadata,
  valid_from: text.nullable(),
  valid_to: text.nullable(),
  access_count: count,
  accessed_at: instant.nullable(),
  created_at: instant,
  updated_at: instant,
  expires_at: text.nullable(),
});

const countsSchema = z.strictObject({
  documents: count,
  chunks: count,
  sessions: count,
  messages: count,
  memories: count,
  /** Format 1 had none. */
  edits: count.default(0),
});

export type ArchiveCounts = Readonly<z.infer<typeof countsSchema>>;

const bodies = [
  z.strictObject({ kind: z.literal("edits"), edits: z.array(graphEdit) }),
  z.strictObject({ kind: z.literal("document"), document }),
  z.strictObject({ kind: z.literal("text"), text }),
  z.strictObject({ kind: z.literal("chunks"), chunks: z.array(chunk) }),
  z.strictObject({ kind: z.literal("session"), session }),
  z.strictObject({ kind: z.literal("messages"), messages: z.array(message) }),
  z.strictObject({ kind: z.literal("memory"), memory, vector }),
] as const;

export const headerSchema = z.strictObject({
  kind: z.literal("header"),
  format: z.int().min(1),
  identity: identity.nullable(),
});

export const footerSchema = z.strictObject({
  kind: z.literal("footer"),
  counts: countsSchema,
  /** SHA-256 of the checksums of all lines before, as they stand there, one after the other. */
  sha256: text,
});

/** Between header and footer. */
export const bodySchema = z.discriminatedUnion("kind", bodies);

export type BodyRecord = z.infer<typeof bodySchema>;
export type ArchivedChunk = z.infer<typeof chunk>;

/** A record as it is written: vectors are text already. */
export type WrittenRecord = z.input<typeof bodySchema> | z.input<typeof headerSchema>;

export const memoryRecord = ({
  memory: kept,
  vector: values,
}: StoredMemory): Extract<WrittenRecord, { readonly kind: "memory" }> => ({
  kind: "memory",
  memory: kept,
  vector: vectorText(values),
});
