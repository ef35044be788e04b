import { collections } from "./names.ts";

type Schema = Readonly<Record<string, unknown>>;

const text = { bsonType: "string" };
const texts = { bsonType: "array", items: text };
const scoped = (required: readonly string[], properties: Readonly<Record<string, Schema>>): Schema => ({
  bsonType: "object",
  required: ["tenant_id", ...required],
  properties: { tenant_id: { bsonType: "string", minLength: 1 }, ...properties },
});

/**
 * What every record must have, whoever writes it: above all the tenant, without which it would belong to nobody and be
 * counted by everybody. Nothing is said of what may be added.
 */
export const collectionSchemas: Readonly<Record<string, Schema>> = {
  [collections.documents]: scoped(["document_id", "batch", "version", "readers", "metadata_json"], {
    document_id: text,
    batch: text,
    version: { bsonType: "number", minimum: 1 },
    readers: texts,
    metadata_json: text,
  }),
  [collections.chunks]: {
    bsonType: "object",
    required: ["chunk_id", "document_id", "batch", "live", "content", "readers", "metadata", "metadata_json", "terms"],
    properties: {
      chunk_id: text,
      document_id: text,
      batch: text,
      live: { bsonType: "bool" },
      content: text,
      readers: texts,
      metadata: {
        bsonType: "object",
        required: ["tenant_id"],
        properties: { tenant_id: { bsonType: "string", minLength: 1 } },
      },
      vector: { bsonType: "binData" },
      vector_2: { bsonType: "binData" },
    },
  },
  [collections.sessions]: scoped(["session_id", "session_key", "messages", "expires_at"], {
    session_id: text,
    messages: { bsonType: "number", minimum: 0 },
    expires_at: { bsonType: "date" },
  }),
  [collections.messages]: scoped(["session_key", "sequence", "role", "content"], {
    sequence: { bsonType: "number", minimum: 1 },
    role: { enum: ["user", "assistant", "system"] },
    vector: { bsonType: "binData" },
  }),
  [collections.edits]: scoped(["sequence", "edit"], { sequence: { bsonType: "number", minimum: 1 } }),
  [collections.memories]: scoped(["agent_id", "memory_id", "content"], { agent_id: text, memory_id: text }),
};
