import type { BulkObjects, BulkProgress } from "../ports/bulk-objects.ts";
import type { Extractor } from "../ports/extractor.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import { dryRun } from "./dry-run.ts";
import type { IngestEvent } from "./ingest-events.ts";
import type { IngestDependencies, IngestOptions } from "./ingest.ts";
import type { IngestSource } from "./sources.ts";

export interface BulkExtraction {
  readonly bulk: BulkObjects;
  /** The extractor of the ingest, with this model to ask and nothing else to do. */
  readonly asking: (model: LanguageModel) => Extractor;
  /** With no more calls than this, single ones are made. */
  readonly above: number;
}

/**
 * Has all that a language model would be asked during an ingest answered in bulk, so that the ingest after it finds the
 * answers and pays for none. Everything is read twice for it, which is nothing beside what a model costs.
 * @throws HybridRAGError `budget_exceeded` before an order that would pass a ceiling.
 */
export async function* extractInBulk(
  sources: readonly IngestSource[],
  dependencies: IngestDependencies,
  options: IngestOptions,
  { bulk, asking, above }: BulkExtraction,
): AsyncGenerator<IngestEvent, void> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const run = bulk.begin({ above, signal });
  try {
    yield* told(run.earlier());
    await dryRun(sources, { ...dependencies, extractor: asking(run.model) }, { ...options, signal });
    signal.throwIfAborted();
    yield* told(run.finish());
  } catch (error) {
    // The ingest that follows says that it was interrupted; what was ordered is taken up by the next run.
    if (!options.signal?.aborted) throw error;
  } finally {
    stop.abort();
  }
}

async function* told(progress: AsyncIterable<BulkProgress>): AsyncGenerator<IngestEvent, void> {
  for await (const extraction of progress) yield { type: "extraction", extraction };
}
