import type { Embedder } from "../ports/embedder.ts";
import type { Store } from "../ports/store.ts";
import { ingest, type IngestDependencies, type IngestOptions } from "./ingest.ts";
import type { IngestSource } from "./sources.ts";

export interface DryRunWatch {
  /** Texts that would be embedded, and their tokens by the embedder's own count. */
  readonly onTexts?: (texts: number, tokens: number) => void;
  /** A document that would be written. */
  readonly onDocument?: (chunks: number) => void;
}

/**
 * An ingest that reads and chunks but embeds and stores nothing. What is unchanged, and chunks whose vectors are stored
 * already, cost nothing then as now; the extractor is asked as it would be.
 */
export async function dryRun(
  sources: readonly IngestSource[],
  dependencies: IngestDependencies,
  options: IngestOptions,
  watch: DryRunWatch = {},
): Promise<void> {
  const embedder = dependencies.embedder && counting(dependencies.embedder, watch.onTexts ?? (() => undefined));
  const store = discarding(dependencies.store, watch.onDocument ?? (() => undefined));
  const events = ingest(sources, { ...dependencies, embedder, store }, { ...options, prune: false });
  for await (const _ of events) {
    // Only what is watched matters.
  }
}

function counting(embedder: Embedder, onTexts: (texts: number, tokens: number) => void): Embedder {
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
