import type { Chunk, Document, Metadata } from "../../../records.ts";

export interface DocumentRow {
  readonly document_key: number;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly mime: string;
  readonly content_hash: string;
  readonly metadata_id: number;
  readonly json: string;
  readonly version: number;
  readonly status: Document["status"];
  readonly chunks: number;
  readonly characters: number;
  readonly error: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export const documentColumns =
  "d.document_key, d.document_id, d.title, d.source, d.mime, d.content_hash, d.metadata_id, m.json, d.version, " +
  "d.status, d.chunks, d.characters, d.error, d.created_at, d.updated_at";

export const documentTables = "documents d JOIN metadata m USING (metadata_id)";

export const toDocument = (row: DocumentRow): Document => ({
  document_id: row.document_id,
  title: row.title,
  source: row.source,
  mime: row.mime,
  content_hash: row.content_hash,
  metadata: JSON.parse(row.json) as Metadata,
  version: row.version,
  status: row.status,
  chunks: row.chunks,
  characters: row.characters,
  error: row.error,
  created_at: row.created_at,
  updated_at: row.updated_at,
});

export interface ChunkRow {
  readonly chunk_key: number;
  readonly chunk_id: string;
  readonly document_id: string;
  readonly ordinal: number;
  readonly title: string;
  readonly source: string;
  readonly content: string;
  readonly span_start: number;
  readonly span_end: number;
  readonly span_page: number | null;
  readonly heading_path: string;
  readonly token_count: number;
  readonly json: string;
}

export const chunkColumns =
  "c.chunk_key, c.chunk_id, d.document_id, c.ordinal, c.title, c.source, c.content, c.span_start, c.span_end, " +
  "c.span_page, c.heading_path, c.token_count, m.json";

export const chunkTables =
  "chunks c JOIN documents d USING (document_key) JOIN metadata m ON m.metadata_id = c.metadata_id";

export const toChunk = (row: ChunkRow): Chunk => ({
  chunk_id: row.chunk_id,
  document_id: row.document_id,
  ordinal: row.ordinal,
  title: row.title,
  source: row.source,
  content: row.content,
  span: { start: row.span_start, end: row.span_end, page: row.span_page },
  heading_path: JSON.parse(row.heading_path) as readonly string[],
  token_count: row.token_count,
  metadata: JSON.parse(row.json) as Metadata,
});

/** A vector as it is stored: little-endian float32, as every platform of Node has them. */
export const vectorBytes = (vector: Float32Array | null): Uint8Array | null =>
  vector && new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

/** Bytes at an odd address are copied. */
export function storedVector(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const vector = new Float32Array(bytes.byteLength / 4);
  new Uint8Array(vector.buffer).set(bytes);
  return vector;
}
