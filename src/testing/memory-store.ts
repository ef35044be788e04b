import { HybridRAGError } from "../errors.ts";
import type { IndexIdentity, Store, StoreCapabilities } from "../ports/store.ts";
import { englishAnalyzer, type Analyzer } from "../text/analyze.ts";
import { memoryAudit } from "./memory/audit.ts";
import { memoryCaches } from "./memory/caches.ts";
import { memoryChunks } from "./memory/chunks.ts";
import { memoryDocuments } from "./memory/documents.ts";
import { memoryGraph } from "./memory/graph.ts";
import { memoryJobs } from "./memory/jobs.ts";
import { memoryKeys } from "./memory/keys.ts";
import { memoryMemories } from "./memory/memories.ts";
import { countAllSessions, memorySessions } from "./memory/sessions.ts";
import { enter, frozen, type State } from "./memory/state.ts";

export interface MemoryStoreOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly analyzer?: Analyzer;
}

/**
 * The reference implementation of every port: plain loops over plain records, nothing kept that can be computed.
 * The fast engines are tested against it, and steps are tested on it. It loses everything when it is dropped.
 */
export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  const state: State = {
    now: options.now ?? Date.now,
    analyzer: options.analyzer ?? englishAnalyzer(),
    tenants: new Map(),
    keys: new Map(),
    identity: null,
    closed: false,
  };
  return {
    engine: "memory",
    documents: memoryDocuments(state),
    chunks: memoryChunks(state),
    graph: memoryGraph(state),
    sessions: memorySessions(state),
    memories: memoryMemories(state),
    jobs: memoryJobs(state),
    caches: memoryCaches(state),
    keys: memoryKeys(state),
    audit: memoryAudit(state),
    async prepare(identity, callOptions) {
      enter(state, callOptions);
      prepare(state, identity);
    },
    async settle(callOptions) {
      enter(state, callOptions);
    },
    async health() {
      return {
        ready: !state.closed,
        identity: state.identity,
        ...countAll(state),
        sessions: countAllSessions(state),
        behind: 0,
        warnings: [],
        details: {},
      };
    },
    capabilities: () => capabilities,
    async close() {
      state.closed = true;
    },
  };
}

const capabilities: StoreCapabilities = {
  readYourWrites: true,
  exactScores: true,
  readOnly: false,
  maxDimensions: 8192,
};

function prepare(state: State, identity: IndexIdentity): void {
  const names = ({ embedder, dimensions, chunker }: IndexIdentity) => `${embedder}@${dimensions} + ${chunker}`;
  const known = state.identity;
  if (known && countAll(state).documents > 0 && names(known) !== names(identity)) {
    throw new HybridRAGError(
      "index_mismatch",
      `The index was built with ${names(known)}, not with ${names(identity)}; set that model again or re-embed.`,
      { details: { built: names(known), asked: names(identity) } },
    );
  }
  state.identity = frozen(identity);
}

function countAll(state: State): { readonly documents: number; readonly chunks: number } {
  const documents = [...state.tenants.values()].flatMap((tenant) => [...tenant.documents.values()]);
  return { documents: documents.length, chunks: documents.reduce((sum, stored) => sum + stored.chunks.length, 0) };
}
