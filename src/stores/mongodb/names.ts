/** The guide's collections; every store and every tool finds them by these names. */
export const collections = {
  documents: "documents",
  texts: "document_texts",
  chunks: "text_chunks",
  sessions: "conversation_sessions",
  messages: "conversation_messages",
  memories: "agent_memory",
  jobs: "jobs",
  caches: "caches",
  keys: "api_keys",
  audit: "audit_log",
  edits: "graph_edits",
  state: "index_state",
} as const;

/** The guide's search indexes on `text_chunks`. */
export const vectorIndexName = "vector_knn_index";
export const textIndexName = "default";
