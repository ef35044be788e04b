import type { Embedder } from "../ports/embedder.ts";
import type { Extractor } from "../ports/extractor.ts";
import type { Store } from "../ports/store.ts";
import { ingest, type IngestDependencies, type IngestOptions } from "./ingest.ts";
import type { IngestSource } from "./sources.ts";

/** What an ingest would do. */
export interface IngestWork {
  /** Documents that are new or changed. */
  readonly documents: number;
  readonly chunks: number;
  /** Texts that would be embedded, and their tokens by the embedder's own count. */
  readonly texts: number;
  readonly tokens: number;
  /** Calls of the embedder that this would take, about. */
  readonly calls: number;
}

/**
 * Runs an ingest that reads and chunks but embeds and stores nothing. What is unchanged, and chunks whose vectors are
 * stored already, cost nothing then as now.
 */
export async function estimateIngest(
  sources: readonly IngestSource[],
  dependencies: IngestDependencies,
  options: IngestOptions,
): Promise<IngestWork> {
  let [texts, tokens, chunks, documents] = [0, 0, 0, 0];
  const embedder =
    dependencies.embedder === null
      ? null
      : counting(dependencies.embedder, (count, sum) => {
          texts += count;
          tokens += sum;
        });
  const store = discarding(dependencies.store, (size) => {
    documents++;
    chunks += size;
  });
  const extractor = dependencies.extractor === null ? null : idle(dependencies.extractor);
  const events = ingest(sources, { ...dependencies, extractor, embedder, store }, { ...options, prune: false });
  for await (const _ of events) {
    // Only what is counted on the way matters.
  }
  const { items = 1, tokens: limit = 1 } = embedder?.limits ?? {};
  return {
    documents,
    chunks,
    texts,
    tokens,
    calls: Math.max(Math.ceil(texts / items), Math.ceil(tokens / (0.9 * limit))),
  };
}

function counting(embedder: Embedder, onTexts: (count: number, tokens: number) => void): Embedder {
  const nowhere = new Float32Array(embedder.dimensions);
  nowhere[0] = 1;
  return {
    ...embedder,
    async embed(texts) {
      const tokens = texts.reduce((sum, text) => sum + Math.min(embedder.maxTokens, embedder.countTokens(text)), 0);
      onTexts(texts.length, tokens);
      return { vectors: texts.map(() => nowhere), tokens: 0 };
    },
  };
}

/** Finds nothing, under the same fingerprint, so that unchanged documents are recognised. */
const idle = (extractor: Extractor): Extractor => ({
  ...extractor,
  extract: async (passages) => ({
    passages: passages.map(() => ({ mentions: [], links: [], assertions: [] })),
    failed: 0,
  }),
});

function discarding(store: Store, onPut: (chunks: number) => void): Store {
  return {
    ...store,
    prepare: async () => {},
    documents: {
      ...store.documents,
      async put(_, version) {
        onPut(version.chunks.length);
        return { outcome: "indexed", version: 1 };
      },
      delete: async () => false,
    },
  };
}
