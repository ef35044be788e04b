import { searchableText } from "../../text/searchable-text.ts";
import { HybridRAGError } from "../../errors.ts";
import { compareText, matches } from "../../filter/matches.ts";
import type { DocumentStore, DocumentVersion, PutResult } from "../../ports/store.ts";
import type { Chunk, NewChunk } from "../../records.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { pageOf } from "./paging.ts";
import {
  enter,
  frozen,
  isoNow,
  tenantOf,
  type AnalysedText,
  type State,
  type StoredChunk,
  type StoredDocument,
} from "./state.ts";
import { checkVector } from "./vectors.ts";

export function memoryDocuments(state: State): DocumentStore {
  return {
    async get(scope, documentId, options) {
      enter(state, options);
      return readable(state, scope, documentId)?.document ?? null;
    },
    async text(scope, documentId, options) {
      enter(state, options);
      return readable(state, scope, documentId)?.text ?? null;
    },
    async list(scope, request, options) {
      enter(state, options);
      const documents = readableDocuments(state, scope)
        .map((stored) => stored.document)
        .filter((document) => !request.filter || matches(request.filter, document))
        .filter((document) => document.source.startsWith(request.sourcePrefix ?? ""));
      return pageOf(
        documents,
        request,
        "documents",
        (document) => [document.document_id],
        ([a], [b]) => compareText(String(a), String(b)),
      );
    },
    async count(scope, options) {
      enter(state, options);
      return {
        documents: readableDocuments(state, scope).length,
        chunks: readableChunks(state, scope).length,
      };
    },
    async put(scope, version, options) {
      enter(state, options);
      return put(state, scope, version);
    },
    async delete(scope, documentId, options) {
      enter(state, options);
      return readable(state, scope, documentId) !== null && tenantOf(state, scope).documents.delete(documentId);
    },
  };
}

/** In the order of the document ids. */
export const readableDocuments = (state: State, scope: Scope): readonly StoredDocument[] =>
  [...tenantOf(state, scope).documents.values()]
    .filter((stored) => mayRead(scope, stored.document.metadata))
    .toSorted((a, b) => compareText(a.document.document_id, b.document.document_id));

/** In the order of the documents and of their text. */
export const readableChunks = (state: State, scope: Scope): readonly StoredChunk[] =>
  readableDocuments(state, scope)
    .flatMap((stored) => stored.chunks)
    .filter((stored) => mayRead(scope, stored.chunk.metadata));

export function readable(state: State, scope: Scope, documentId: string): StoredDocument | null {
  const stored = tenantOf(state, scope).documents.get(documentId);
  return stored && mayRead(scope, stored.document.metadata) ? stored : null;
}

function put(state: State, scope: Scope, version: DocumentVersion): PutResult {
  const { documents } = tenantOf(state, scope);
  const id = version.document.document_id;
  const before = documents.get(id)?.document;
  if (before && !mayRead(scope, before.metadata)) {
    throw new HybridRAGError("forbidden", "A document with this id exists that this caller may not change.");
  }
  if (before?.content_hash === version.document.content_hash) {
    return { outcome: "unchanged", version: before.version };
  }
  check(state, version);
  const now = isoNow(state);
  const number = (before?.version ?? 0) + 1;
  documents.set(id, {
    document: frozen({
      document_id: id,
      title: version.document.title,
      source: version.document.source,
      mime: version.document.mime,
      content_hash: version.document.content_hash,
      metadata: version.document.metadata,
      version: number,
      status: "indexed",
      chunks: version.chunks.length,
      characters: version.text.length,
      error: null,
      created_at: before?.created_at ?? now,
      updated_at: now,
    }),
    text: version.text,
    chunks: version.chunks
      .map((chunk) => storedChunk(state, chunk))
      .toSorted((a, b) => a.chunk.ordinal - b.chunk.ordinal),
    graph: frozen(version.graph),
  });
  return { outcome: before ? "updated" : "indexed", version: number };
}

function check(state: State, { document, chunks }: DocumentVersion): void {
  const ids = new Set(chunks.map((chunk) => chunk.chunk_id));
  const stranger = chunks.some((chunk) => chunk.document_id !== document.document_id);
  if (ids.size < chunks.length || stranger) {
    throw new HybridRAGError("invalid_input", "The chunks of a version need ids of their own and its document's id.", {
      details: { path: "/chunks" },
    });
  }
  for (const { vector } of chunks) if (vector) checkVector(state, vector, "/chunks/vector");
}

function storedChunk(state: State, { vector, embedding_hash, ...chunk }: NewChunk): StoredChunk {
  return {
    chunk: frozen<Chunk>(chunk),
    vector: vector && Float32Array.from(vector),
    embeddingHash: embedding_hash,
    body: analysed(state, searchableText(chunk)),
    content: analysed(state, chunk.content),
    title: analysed(state, chunk.title),
  };
}

function analysed(state: State, text: string): AnalysedText {
  const tokens = state.analyzer.analyzeWithOffsets(text);
  return { terms: tokens.map((token) => token.term), tokens };
}
