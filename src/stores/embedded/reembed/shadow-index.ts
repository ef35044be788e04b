import { createHash } from "node:crypto";
import type { ShadowIndex } from "../../../ports/shadow-index.ts";
import { readGenerations, removeUnnamed } from "../generations.ts";
import { startWorker } from "../workers/start-worker.ts";
import { workerPool } from "../workers/worker-pool.ts";

/**
 * The shadow index for an embedder; one that was begun and not finished is taken up again. Others are removed. For the
 * holder of the writer's lock.
 *
 * @param embedder the fingerprint.
 */
export async function openShadowIndex(directory: string, embedder: string): Promise<ShadowIndex> {
  const { current, before } = readGenerations(directory);
  const shadow = nameOf([current, before, embedder]);
  removeUnnamed(directory, shadow);
  const pool = workerPool({
    start: () => startWorker({ role: "shadow", directory, shadow, home: null, durability: "full", now: 0 }),
    size: 1,
    batch: 1,
    mayAbandon: false,
    onNews: () => undefined,
  });
  try {
    await pool.ready();
  } catch (error) {
    await pool.close();
    throw error;
  }
  const call = <T>(name: string, ...args: readonly unknown[]): Promise<T> =>
    pool.call({ name, args, now: 0 }) as Promise<T>;
  return {
    counts: () => call("counts"),
    chunks: (after, limit) => call("chunks", after ?? 0, limit),
    memories: (after, limit) => call("memories", after, limit),
    keep: ({ chunks = [], memories = [] }) => call("keep", chunks, memories),
    activate: (identity) => call("activate", identity),
    close: () => pool.close(),
  };
}

/** Of the databases in use and of the embedder: vectors are never taken for those of another history. */
const nameOf = (parts: readonly (string | null)[]): string =>
  `reembed-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)}`;
