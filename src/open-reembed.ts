import { resolve } from "node:path";
import type { Config } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import { reembed, type ReembedOptions, type ReembedSummary } from "./ingest/reembed.ts";
import { openIndexEmbedder } from "./open.ts";
import { engineOf } from "./open-store.ts";
import { openEmbeddedStore, type EmbeddedStore } from "./stores/embedded/index.ts";

export type { ReembedProgress, ReembedSummary } from "./ingest/reembed.ts";

/**
 * "unchanged": the index is of what is set already. "adopted": only how documents are cut differs, which the passages
 * that are stored need not know. "reembedded": all vectors are new.
 */
export type ReembedResult =
  | { readonly outcome: "unchanged" | "adopted"; readonly embedder: string }
  | ({ readonly outcome: "reembedded"; readonly embedder: string } & ReembedSummary);

/**
 * Makes the vectors of the embedded engine anew with the embedder that is set, in an index beside the one in use, and
 * puts it in use at once. The writer's lock is held meanwhile: others may search, none may write.
 *
 * @throws HybridRAGError `data_locked`, `invalid_config`, `budget_exceeded`, and what the embedder throws.
 */
export function reembedIndex(config: Config, options: ReembedOptions): Promise<ReembedResult> {
  return withEmbeddedStore(config, async (store): Promise<ReembedResult> => {
    const { embedder, identity } = await openIndexEmbedder(config, store);
    try {
      const { identity: found, chunks } = await store.health();
      const isSameEmbedder = found?.embedder === identity.embedder && found.dimensions === identity.dimensions;
      if ((found === null && chunks === 0) || (isSameEmbedder && found.chunker === identity.chunker)) {
        return { outcome: "unchanged", embedder: identity.embedder };
      }
      if (isSameEmbedder) {
        await store.generations.adopt(identity);
        return { outcome: "adopted", embedder: identity.embedder };
      }
      const shadow = await store.generations.shadow(identity.embedder);
      try {
        const summary = await reembed(shadow, embedder, identity, options);
        return { outcome: "reembedded", embedder: identity.embedder, ...summary };
      } finally {
        await shadow.close();
      }
    } finally {
      await embedder?.close();
    }
  });
}

/** Puts the index in use that was before the last `reembedIndex`. @throws HybridRAGError `not_found`, `data_locked`. */
export const rollBackIndex = (config: Config): Promise<void> =>
  withEmbeddedStore(config, (store) => store.generations.rollBack());

/** Frees the space of the index before and of unfinished ones. @returns how many were removed. */
export const discardIndexes = (config: Config): Promise<number> =>
  withEmbeddedStore(config, (store) => store.generations.discard());

/** @throws HybridRAGError `invalid_config` on MongoDB. */
async function withEmbeddedStore<T>(config: Config, run: (store: EmbeddedStore) => Promise<T>): Promise<T> {
  if (engineOf(config) !== "embedded") {
    throw new HybridRAGError(
      "invalid_config",
      "hybridrag indexes reembed is for the embedded engine. On MongoDB, set another MONGODB_DATABASE and " +
        "ingest into it.",
    );
  }
  const store = await openEmbeddedStore({ directory: resolve(config.data_dir), durability: config.durability });
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}
