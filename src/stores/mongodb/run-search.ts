import { MongoServerError, type Document as MongoDocument } from "mongodb";
import type { Body } from "./check-pipeline.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";

/**
 * Runs a search over the passages, where searches are read. One that the server refuses may be the fault of an index:
 * then that is said, with what mends it.
 */
export async function runSearch<R extends MongoDocument>(
  context: Context,
  pipeline: readonly Body[],
  signal: AbortSignal | undefined,
): Promise<readonly R[]> {
  try {
    return await rows(context, collections.chunks)
      .aggregate<R>([...pipeline], { signal, batchSize: 1000, readPreference: context.searchReads })
      .toArray();
  } catch (error) {
    if (error instanceof MongoServerError && !signal?.aborted) await context.profile.doubtAndRequireReady();
    throw error;
  }
}
