import { resolve } from "node:path";
import type { Config } from "./config/config.ts";
import { reembed, type ReembedOptions, type ReembedSummary } from "./ingest/reembed.ts";
import { openIndexEmbedder } from "./open.ts";
import { engineOf, openMongo } from "./open-store.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { IndexGenerations } from "./ports/shadow-index.ts";
import type { IndexIdentity, Store } from "./ports/store.ts";
import type { Warning } from "./records.ts";
import { openEmbeddedStore } from "./stores/embedded/index.ts";

export type { ReembedProgress, ReembedSummary } from "./ingest/reembed.ts";

/**
 * "unchanged": the index is of what is set already. "adopted": only how documents are cut differs, which the passages
 * that are stored need not know. "reembedded": all vectors are new, or those that were missing.
 */
export type ReembedResult =
  | { readonly outcome: "unchanged" | "adopted"; readonly embedder: string }
  | ({ readonly outcome: "reembedded"; readonly embedder: string } & ReembedSummary);

/** A store whose index can be replaced. */
type Replaceable = Store & { readonly generations: IndexGenerations };

/**
 * Makes all vectors anew with the embedder that is set, in an index beside the one in use, and puts it in use at once.
 * On the embedded engine the writer's lock is held meanwhile: others may search, none may write. On MongoDB others may
 * write until the switch; what they write is embedded too.
 *
 * @throws HybridRAGError `data_locked`, `invalid_config`, `budget_exceeded`, `conflict`, and what the embedder throws.
 */
export function reembedIndex(
  config: Config,
  options: ReembedOptions & { readonly onWarning?: (warning: Warning) => void },
): Promise<ReembedResult> {
  return withStore(config, async (store): Promise<ReembedResult> => {
    const { embedder, identity, paidCalls } = await openIndexEmbedder(config, store);
    try {
      for await (const warning of paidCalls?.earlier(options.signal) ?? []) options.onWarning?.(warning);
      return await reembedStore(store, embedder, identity, options);
    } finally {
      await paidCalls?.close();
      await embedder?.close();
    }
  });
}

/** As `reembedIndex`, with a store and an embedder that are open. Close the store afterwards. */
export async function reembedStore(
  store: Replaceable,
  embedder: Embedder | null,
  identity: IndexIdentity,
  options: ReembedOptions,
): Promise<ReembedResult> {
  const { identity: found, chunks } = await store.health();
  const named = { embedder: identity.embedder };
  if (found === null && chunks === 0) return { outcome: "unchanged", ...named };
  const isSameEmbedder = found?.embedder === identity.embedder && found.dimensions === identity.dimensions;
  if (isSameEmbedder && found.chunker !== identity.chunker) await store.generations.adopt(identity);
  if (isSameEmbedder && (await store.generations.missing()) === 0)
    return { outcome: found.chunker === identity.chunker ? "unchanged" : "adopted", ...named };
  const first = await intoShadow(store, embedder, identity, options);
  // Another server may have had a version half written when the index was switched.
  if ((await store.generations.missing()) === 0) return { outcome: "reembedded", ...named, ...first };
  const rest = await intoShadow(store, embedder, identity, options);
  const embedded = first.embedded + rest.embedded;
  return { outcome: "reembedded", ...named, ...rest, embedded, seconds: first.seconds + rest.seconds };
}

async function intoShadow(
  store: Replaceable,
  embedder: Embedder | null,
  identity: IndexIdentity,
  options: ReembedOptions,
): Promise<ReembedSummary> {
  const shadow = await store.generations.shadow(identity);
  try {
    return await reembed(shadow, embedder, identity, options);
  } finally {
    await shadow.close();
  }
}

/** Puts the index in use that was before the last `reembedIndex`. @throws HybridRAGError `not_found`, `data_locked`. */
export const rollBackIndex = (config: Config): Promise<{ readonly missing: number }> =>
  withStore(config, async (store) => {
    await store.generations.rollBack();
    return { missing: await store.generations.missing() };
  });

/** Frees the space of the index before and of unfinished ones. @returns how many were removed. */
export const discardIndexes = (config: Config): Promise<number> =>
  withStore(config, (store) => store.generations.discard());

async function withStore<T>(config: Config, run: (store: Replaceable) => Promise<T>): Promise<T> {
  const store =
    engineOf(config) === "mongodb"
      ? await openMongo(config, { manageIndexes: false })
      : await openEmbeddedStore({ directory: resolve(config.data_dir), durability: config.durability });
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}
