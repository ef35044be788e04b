import type { Extractor } from "../ports/extractor.ts";
import { silentExtractor } from "../ports/silent-extractor.ts";
import { dryRun } from "./dry-run.ts";
import type { IngestDependencies, IngestOptions } from "./ingest.ts";
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

/** @param reader an extractor that counts what it is asked; without one nothing is extracted. */
export async function estimateIngest(
  sources: readonly IngestSource[],
  dependencies: IngestDependencies,
  options: IngestOptions,
  reader: Extractor | null = null,
): Promise<IngestWork> {
  let [texts, tokens, chunks, documents] = [0, 0, 0, 0];
  const { embedder } = dependencies;
  const extractor = reader ?? (dependencies.extractor && silentExtractor(dependencies.extractor));
  await dryRun(sources, { ...dependencies, extractor }, options, {
    onTexts(count, sum) {
      texts += count;
      tokens += sum;
    },
    onDocument(size) {
      documents++;
      chunks += size;
    },
  });
  const { items = 1, tokens: limit = 1 } = embedder?.limits ?? {};
  return { documents, chunks, texts, tokens, calls: Math.max(Math.ceil(texts / items), Math.ceil(tokens / limit)) };
}
