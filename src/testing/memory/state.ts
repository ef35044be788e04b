import { HybridRAGError } from "../../errors.ts";
import type { ApiKey, AuditEntry } from "../../ports/key-store.ts";
import type { MessageVector } from "../../ports/session-store.ts";
import type { CallOptions, IndexIdentity } from "../../ports/store.ts";
import type { Chunk, Document, DocumentGraph, GraphEdit, Job, Memory, Message, Session } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { Analyzer, Token } from "../../text/analyze.ts";

/** Everything the store holds, one block per tenant, so that nothing of another tenant can be reached by mistake. */
export interface State {
  readonly now: () => number;
  readonly analyzer: Analyzer;
  readonly tenants: Map<string, TenantState>;
  /** Ids of keys are unique over all tenants. */
  readonly keys: Map<string, ApiKey>;
  identity: IndexIdentity | null;
  closed: boolean;
}

export interface TenantState {
  readonly documents: Map<string, StoredDocument>;
  readonly sessions: Map<string, StoredSession>;
  /** By agent, then by memory id. */
  readonly memories: Map<string, Map<string, StoredMemory>>;
  /** In the order of creation. */
  readonly jobs: Map<string, Job>;
  /** By space and key. */
  readonly caches: Map<string, { readonly value: unknown; readonly expiresAt: number | null }>;
  readonly audit: AuditEntry[];
  /** In the order of their numbers. */
  readonly edits: GraphEdit[];
}

export interface StoredDocument {
  readonly document: Document;
  readonly text: string;
  readonly chunks: readonly StoredChunk[];
  readonly graph: DocumentGraph;
}

export interface StoredChunk {
  readonly chunk: Chunk;
  readonly vector: Float32Array | null;
  readonly embeddingHash: string;
  /** Title, headings and content: what the text leg counts. */
  readonly body: AnalysedText;
  readonly content: AnalysedText;
  readonly title: AnalysedText;
}

export interface AnalysedText {
  /** In the order of the text, repetitions kept. */
  readonly terms: readonly string[];
  /** The same with their positions, for phrases. */
  readonly tokens: readonly Token[];
}

export interface StoredSession {
  readonly session: Session;
  readonly messages: readonly Message[];
  /** By sequence. */
  readonly vectors: ReadonlyMap<number, MessageVector>;
}

export interface StoredMemory {
  readonly memory: Memory;
  readonly vector: Float32Array | null;
  readonly terms: readonly string[];
}

export function tenantOf(state: State, scope: Scope): TenantState {
  const known = state.tenants.get(scope.tenant);
  if (known) return known;
  const fresh: TenantState = {
    documents: new Map(),
    sessions: new Map(),
    memories: new Map(),
    jobs: new Map(),
    caches: new Map(),
    audit: [],
    edits: [],
  };
  state.tenants.set(scope.tenant, fresh);
  return fresh;
}

/** Stands at the start of every call: a closed store and a cancelled call change and tell nothing. */
export function enter(state: State, options: CallOptions | undefined): void {
  options?.signal?.throwIfAborted();
  if (state.closed) {
    throw new HybridRAGError("store_failed", "The store is closed; open it again before calling it.", {
      retryable: false,
    });
  }
}

export const isoNow = (state: State): string => new Date(state.now()).toISOString();

/** A copy that nobody can change: what goes in and what comes out share nothing with the caller. */
export function frozen<T>(value: T): T {
  return deepFreeze(structuredClone(value));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
