/**
 * Format 1. Text is compared by code point everywhere (BINARY on UTF-8). `tenant` is the number of a row of `tenants`;
 * integer keys are never used twice, so an index can tell an old row from a new one.
 */
export const m001 = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tenants (tenant INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);

CREATE TABLE documents (
  document_key INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant INTEGER NOT NULL,
  document_id TEXT NOT NULL,
  title TEXT NOT NULL,
  source TEXT NOT NULL,
  mime TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  metadata_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  chunks INTEGER NOT NULL,
  characters INTEGER NOT NULL,
  error TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (tenant, document_id)
);
CREATE TABLE document_texts (document_key INTEGER PRIMARY KEY, text TEXT NOT NULL);

CREATE TABLE chunks (
  chunk_key INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant INTEGER NOT NULL,
  document_key INTEGER NOT NULL,
  chunk_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  title TEXT NOT NULL,
  source TEXT NOT NULL,
  content TEXT NOT NULL,
  span_start INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  span_page INTEGER,
  heading_path TEXT NOT NULL,
  token_count INTEGER NOT NULL,
  metadata_id INTEGER NOT NULL,
  embedding_hash TEXT NOT NULL,
  vector BLOB,
  UNIQUE (tenant, chunk_id)
);
CREATE INDEX chunks_by_document ON chunks (document_key, ordinal);
CREATE INDEX chunks_by_tenant ON chunks (tenant, chunk_key);
CREATE INDEX chunks_by_source ON chunks (tenant, source);

-- What happened to chunks, in order: the in-memory indexes follow it.
CREATE TABLE change_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant INTEGER NOT NULL,
  chunk_key INTEGER NOT NULL,
  added INTEGER NOT NULL
);
CREATE INDEX change_log_by_tenant ON change_log (tenant, seq);
-- Up to log_floor the log of a tenant may be cut: an index that is older starts anew. snapshot names the file that holds
-- the index up to seq; any other file is of another history of this data and is not read.
CREATE TABLE index_snapshots (
  tenant INTEGER PRIMARY KEY, snapshot TEXT NOT NULL, seq INTEGER NOT NULL, log_floor INTEGER NOT NULL
);

-- Each distinct metadata object once, with everything that a filter can ask of it. A chunk is read by those whom both
-- its own access list and its document's admit: the latter stands in guard where the two differ.
CREATE TABLE metadata (
  metadata_id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant INTEGER NOT NULL,
  hash BLOB NOT NULL,
  json TEXT NOT NULL,
  access TEXT NOT NULL,
  guard TEXT,
  uses INTEGER NOT NULL,
  UNIQUE (tenant, hash)
);
CREATE INDEX metadata_by_access ON metadata (tenant, access);
CREATE TABLE metadata_fields (
  tenant INTEGER NOT NULL, field TEXT NOT NULL, metadata_id INTEGER NOT NULL,
  PRIMARY KEY (tenant, field, metadata_id)
) WITHOUT ROWID;
CREATE TABLE metadata_numbers (
  tenant INTEGER NOT NULL, field TEXT NOT NULL, kind TEXT NOT NULL, value REAL NOT NULL, metadata_id INTEGER NOT NULL,
  PRIMARY KEY (tenant, field, kind, value, metadata_id)
) WITHOUT ROWID;
CREATE TABLE metadata_texts (
  tenant INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, metadata_id INTEGER NOT NULL,
  is_instant INTEGER NOT NULL,
  PRIMARY KEY (tenant, field, value, metadata_id)
) WITHOUT ROWID;
CREATE INDEX metadata_fields_by_id ON metadata_fields (metadata_id);
CREATE INDEX metadata_numbers_by_id ON metadata_numbers (metadata_id);
CREATE INDEX metadata_texts_by_id ON metadata_texts (metadata_id);
CREATE TABLE metadata_points (
  point INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, field TEXT NOT NULL, metadata_id INTEGER NOT NULL,
  longitude REAL NOT NULL, latitude REAL NOT NULL
);
CREATE INDEX metadata_points_by_id ON metadata_points (metadata_id);
-- The tenant is a dimension, so that a search reads no other tenant's points.
CREATE VIRTUAL TABLE metadata_boxes USING rtree(point, min_tenant, max_tenant, west, east, south, north);

CREATE TABLE mentions (
  tenant INTEGER NOT NULL, entity TEXT NOT NULL, chunk_key INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  type TEXT NOT NULL, "start" INTEGER, "end" INTEGER
);
CREATE INDEX mentions_by_entity ON mentions (tenant, entity, kind, chunk_key);
CREATE INDEX mentions_by_chunk ON mentions (chunk_key);
-- Names that are mentioned at all, and the shorter names inside names of two to seven words.
CREATE TABLE entity_names (
  tenant INTEGER NOT NULL, entity TEXT NOT NULL, mentions INTEGER NOT NULL, PRIMARY KEY (tenant, entity)
) WITHOUT ROWID;
CREATE TABLE name_parts (
  tenant INTEGER NOT NULL, part TEXT NOT NULL, entity TEXT NOT NULL, PRIMARY KEY (tenant, part, entity)
) WITHOUT ROWID;
CREATE TABLE passage_links (
  tenant INTEGER NOT NULL, chunk_key INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
  "start" INTEGER NOT NULL, "end" INTEGER NOT NULL
);
CREATE INDEX passage_links_by_chunk ON passage_links (chunk_key);
CREATE TABLE assertions (
  tenant INTEGER NOT NULL, source_entity TEXT NOT NULL, target_entity TEXT NOT NULL, type TEXT NOT NULL,
  chunk_key INTEGER NOT NULL, description TEXT NOT NULL, weight REAL NOT NULL, confidence TEXT NOT NULL
);
CREATE INDEX assertions_by_source ON assertions (tenant, source_entity, target_entity, type);
CREATE INDEX assertions_by_target ON assertions (tenant, target_entity);
CREATE INDEX assertions_by_chunk ON assertions (chunk_key);


CREATE TABLE conversation_sessions (
  tenant INTEGER NOT NULL, session_id TEXT NOT NULL, user_id TEXT, metadata TEXT NOT NULL, summary TEXT NOT NULL,
  summarized_to INTEGER NOT NULL, messages INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, session_id)
) WITHOUT ROWID;
CREATE INDEX sessions_by_update ON conversation_sessions (tenant, updated_at, session_id);
CREATE INDEX sessions_by_expiry ON conversation_sessions (expires_at);
CREATE TABLE conversation_messages (
  tenant INTEGER NOT NULL, session_id TEXT NOT NULL, sequence INTEGER NOT NULL, role TEXT NOT NULL,
  content TEXT NOT NULL, metadata TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, session_id, sequence)
) WITHOUT ROWID;

CREATE TABLE agent_memory (
  tenant INTEGER NOT NULL, agent_id TEXT NOT NULL, memory_id TEXT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL,
  importance REAL NOT NULL, metadata TEXT NOT NULL, valid_from TEXT, valid_to TEXT, access_count INTEGER NOT NULL,
  accessed_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at TEXT,
  expires_ms REAL, vector BLOB,
  PRIMARY KEY (tenant, agent_id, memory_id)
) WITHOUT ROWID;
CREATE INDEX memory_by_date ON agent_memory (tenant, agent_id, created_at, memory_id);
CREATE INDEX memory_by_expiry ON agent_memory (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, job_id TEXT NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, input TEXT NOT NULL, progress TEXT NOT NULL, result TEXT NOT NULL, error TEXT,
  attempts INTEGER NOT NULL, owner TEXT, lease_until INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (tenant, job_id)
);
CREATE INDEX jobs_by_state ON jobs (state, kind, number);

CREATE TABLE caches (
  tenant INTEGER NOT NULL, space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER,
  PRIMARY KEY (tenant, space, key)
) WITHOUT ROWID;
CREATE INDEX caches_by_expiry ON caches (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE api_keys (
  key_id TEXT PRIMARY KEY, tenant INTEGER NOT NULL, name TEXT NOT NULL, secret_hash TEXT NOT NULL,
  scopes TEXT NOT NULL, principals TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT,
  last_used_at TEXT
) WITHOUT ROWID;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at, key_id);
CREATE TABLE audit_log (
  number INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL, request_id TEXT
);
CREATE INDEX audit_by_tenant ON audit_log (tenant, number);
`;
