import type { Filter } from "../filter/filter.ts";
import type { Document, DocumentGraph, NewChunk, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CacheStore } from "./cache-store.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { GraphStore } from "./graph-store.ts";
import type { JobStore } from "./job-store.ts";
import type { AuditLog, KeyStore } from "./key-store.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { SessionStore } from "./session-store.ts";

/** Every call may be cancelled; a cancelled call rejects with `signal.reason` and leaves no half-done write. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** One screen of a listing. `next` is null on the last; a cursor is opaque and valid only for the same listing. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | null;
}

/**
 * Everything HybridRAG keeps. The promises stand in `testing/contract/`, and hold on every engine.
 *
 * Every call takes a scope. Nothing of another tenant is returned, counted, or changes a score; nothing outside the
 * caller's access list is returned.
 */
export interface Store {
  readonly engine: "embedded" | "mongodb" | "memory";
  readonly documents: DocumentStore;
  readonly chunks: ChunkStore;
  readonly graph: GraphStore;
  readonly sessions: SessionStore;
  readonly memories: MemoryStore;
  readonly jobs: JobStore;
  readonly caches: CacheStore;
  readonly keys: KeyStore;
  readonly audit: AuditLog;

  /**
   * States which embedder and chunker the index is for. An empty store takes the identity on; the same identity is
   * a no-op; another one is refused with `index_mismatch`, which names both.
   */
  prepare(identity: IndexIdentity, options?: CallOptions): Promise<void>;
  /** Resolves once everything put so far is searchable: at once where search reads its own writes. */
  settle(options?: CallOptions & { readonly timeoutMs?: number }): Promise<void>;
  /** Cheap enough to be called every few seconds. Never throws: what is wrong stands in the answer. */
  health(options?: CallOptions): Promise<StoreHealth>;
  capabilities(): StoreCapabilities;
  /** Waits for writes that were accepted; later calls are refused. Safe to call twice. */
  close(): Promise<void>;
}

/** What vectors and chunks depend on. Changing any of it needs a new index. */
export interface IndexIdentity {
  /** The embedder's fingerprint, or "none" for a lexical index. */
  readonly embedder: string;
  readonly dimensions: number;
  readonly chunker: string;
}

export interface StoreHealth {
  readonly ready: boolean;
  readonly identity: IndexIdentity | null;
  readonly documents: number;
  readonly chunks: number;
  /** Live conversations of all tenants. */
  readonly sessions: number;
  /** Writes that are durable and not yet searchable. */
  readonly behind: number;
  readonly warnings: readonly Warning[];
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface StoreCapabilities {
  /** A search sees every write that was acknowledged before it. */
  readonly readYourWrites: boolean;
  /** Both scores of every candidate are exact, and the moments cover all allowed chunks. */
  readonly exactScores: boolean;
  /** Both scores of every candidate of a search by vector and words are exact; the moments may be estimates. */
  readonly bothScores?: boolean;
  /** `ChunkSearch.native` is understood; whether the server has it shows when it is asked. */
  readonly nativeFusion?: boolean;
  /** Several processes may write at once. */
  readonly manyWriters?: boolean;
  readonly readOnly: boolean;
  readonly maxDimensions: number;
}

export interface DocumentStore {
  get(scope: Scope, documentId: string, options?: CallOptions): Promise<Document | null>;
  /** The text that offsets refer to; null when the document does not exist or may not be read. */
  text(scope: Scope, documentId: string, options?: CallOptions): Promise<string | null>;
  /** Ordered by `document_id`, by code point. */
  list(
    scope: Scope,
    request: PageRequest & { readonly filter?: Filter | null; readonly sourcePrefix?: string },
    options?: CallOptions,
  ): Promise<Page<Document>>;
  count(scope: Scope, options?: CallOptions): Promise<{ readonly documents: number; readonly chunks: number }>;
  /**
   * Puts one version of a document in place of the version before: text, chunks, vectors, postings, mentions, links
   * and assertions appear at once or not at all. When it resolves, it is durable. Equal `content_hash`: nothing is
   * written and `outcome` is "unchanged". A document that the scope may not read cannot be replaced: `forbidden`.
   */
  put(scope: Scope, version: DocumentVersion, options?: CallOptions): Promise<PutResult>;
  /**
   * Removes a document with everything that it alone asserted; afterwards every search, score and graph answer is
   * what it would be had the document never been put. False when there was none that the scope may read.
   */
  delete(scope: Scope, documentId: string, options?: CallOptions): Promise<boolean>;
  /**
   * The current version whole, as `put` took it: chunks in the order of the text, each with its vector bit by bit, rows
   * of the graph in the order of their chunks. Chunks that the scope may not read are left out with their rows.
   */
  version(scope: Scope, documentId: string, options?: CallOptions): Promise<StoredVersion | null>;
  /**
   * Puts a version as another store had it, with its number, status and dates, at once or not at all. One that is
   * stored with a later `updated_at`, or with the same and equal `content_hash`, is kept. Throws as `put` does.
   */
  restore(scope: Scope, version: StoredVersion, options?: CallOptions): Promise<RestoreOutcome>;
}

/** A version as it is stored; `chunks` and `characters` of the document count what is given beside it. */
export interface StoredVersion extends DocumentVersion {
  readonly document: Document;
}

/** "kept": what is stored under this id is as new or newer, and stays. */
export type RestoreOutcome = "restored" | "kept";

export interface DocumentVersion {
  readonly document: Pick<Document, "document_id" | "title" | "source" | "mime" | "content_hash" | "metadata">;
  readonly text: string;
  readonly chunks: readonly NewChunk[];
  readonly graph: DocumentGraph;
}

export interface PutResult {
  readonly outcome: "indexed" | "updated" | "unchanged";
  readonly version: number;
}
