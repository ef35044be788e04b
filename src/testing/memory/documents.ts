import { searchableText } from "../../text/searchable-text.ts";
import { HybridRAGError } from "../../errors.ts";
import { compareText, matches } from "../../filter/matches.ts";
import type { DocumentStore, DocumentVersion, PutResult, RestoreOutcome, StoredVersion } from "../../ports/store.ts";
import type { Chunk, Document, NewChunk } from "../../records.ts";
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
import { checkVector } from "../../ports/check-vector.ts";

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
    async version(scope, documentId, options) {
      enter(state, options);
      const stored = readable(state, scope, documentId);
      return stored && versionOf(scope, stored);
    },
    async restore(scope, version, options) {
      enter(state, options);
      return restore(state, scope, version);
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

/** The document that a version replaces. Throws `forbidden` when the scope may not read it. */
function replaced(state: State, scope: Scope, id: string): Document | undefined {
  const before = tenantOf(state, scope).documents.get(id)?.document;
  if (before && !mayRead(scope, before.metadata)) {
    throw new HybridRAGError("forbidden", "A document with this id exists that this caller may not change.");
  }
  return before;
}

function put(state: State, scope: Scope, version: DocumentVersion): PutResult {
  const before = replaced(state, scope, version.document.document_id);
  if (before?.content_hash === version.document.content_hash) {
    return { outcome: "unchanged", version: before.version };
  }
  const now = isoNow(state);
  const number = (before?.version ?? 0) + 1;
  write(state, scope, version, {
    version: number,
    status: "indexed",
    error: null,
    created_at: before?.created_at ?? now,
    updated_at: now,
  });
  return { outcome: before ? "updated" : "indexed", version: number };
}

function restore(state: State, scope: Scope, version: StoredVersion): RestoreOutcome {
  const { document } = version;
  const before = replaced(state, scope, document.document_id);
  const isEqual = before?.updated_at === document.updated_at && before.content_hash === document.content_hash;
  if (before && (isEqual || before.updated_at > document.updated_at)) return "kept";
  write(state, scope, version, document);
  return "restored";
}

function write(
  state: State,
  scope: Scope,
  version: DocumentVersion,
  history: Pick<Document, "version" | "status" | "error" | "created_at" | "updated_at">,
): void {
  check(state, version);
  const { document } = version;
  tenantOf(state, scope).documents.set(document.document_id, {
    document: frozen({
      document_id: document.document_id,
      title: document.title,
      source: document.source,
      mime: document.mime,
      content_hash: document.content_hash,
      metadata: document.metadata,
      version: history.version,
      status: history.status,
      chunks: version.chunks.length,
      characters: version.text.length,
      error: history.error,
      created_at: history.created_at,
      updated_at: history.updated_at,
    }),
    text: version.text,
    chunks: version.chunks
      .map((chunk) => storedChunk(state, chunk))
      .toSorted((a, b) => a.chunk.ordinal - b.chunk.ordinal),
    graph: frozen(version.graph),
  });
}

function versionOf(scope: Scope, stored: StoredDocument): StoredVersion {
  const seen = stored.chunks.filter(({ chunk }) => mayRead(scope, chunk.metadata));
  const inOrder = <T extends { readonly chunk_id: string }>(rows: readonly T[]): readonly T[] => {
    const byChunk = Map.groupBy(rows, (row) => row.chunk_id);
    return seen.flatMap(({ chunk }) => byChunk.get(chunk.chunk_id) ?? []);
  };
  return {
    document: stored.document,
    text: stored.text,
    chunks: seen.map(({ chunk, vector, embeddingHash }) => ({
      ...chunk,
      vector: vector && Float32Array.from(vector),
      embedding_hash: embeddingHash,
    })),
    graph: {
      mentions: inOrder(stored.graph.mentions),
      links: inOrder(stored.graph.links),
      assertions: inOrder(stored.graph.assertions),
    },
  };
}

function check(state: State, { document, chunks }: DocumentVersion): void {
  const ids = new Set(chunks.map((chunk) => chunk.chunk_id));
  const stranger = chunks.some((chunk) => chunk.document_id !== document.document_id);
  if (ids.size < chunks.length || stranger) {
    throw new HybridRAGError("invalid_input", "The chunks of a version need ids of their own and its document's id.", {
      details: { path: "/chunks" },
    });
  }
  for (const { vector } of chunks)
    if (vector) checkVector(vector, state.identity?.dimensions ?? null, "/chunks/vector");
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
