import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { MadeChunk, MadeMemory, PendingMemory } from "../../../ports/shadow-index.ts";
import type { IndexIdentity } from "../../../ports/store.ts";
import { homeOf, readGenerations, removeUnnamed, writeGenerations } from "../generations.ts";
import { openDatabase } from "../sqlite/database.ts";
import { replyTo, type WorkerBody } from "../workers/serve-calls.ts";
import { databasePath, type WorkerSettings } from "../workers/worker-settings.ts";
import { buildShadow } from "./build-shadow.ts";
import { countShadow, keepVectors, listPendingChunks, listPendingMemories, prepareShadow } from "./shadow-tables.ts";

/** Makes a shadow index in a thread of its own, while the store that started it holds the writer's lock. */
export function openShadow({ directory, shadow }: WorkerSettings): WorkerBody {
  const folder = join(directory, shadow!);
  const path = join(folder, "vectors.sqlite");
  mkdirSync(folder, { recursive: true });
  // Paid vectors are synced to the disk at once.
  const db = openDatabase({ path, readOnly: false, durability: "full" });
  prepareShadow(db, databasePath(homeOf(directory)));
  let isOpen = true;

  const operations: Readonly<Record<string, (...args: never[]) => unknown>> = {
    counts: () => countShadow(db),
    chunks: (after: number, limit: number) => listPendingChunks(db, after, limit),
    memories: (after: PendingMemory | null, limit: number) => listPendingMemories(db, after, limit),
    keep: (chunks: readonly MadeChunk[], memories: readonly MadeMemory[]) => keepVectors(db, chunks, memories),
    activate,
  };

  function activate(identity: IndexIdentity): void {
    buildShadow(db, path, folder, identity);
    writeGenerations(directory, { current: shadow!, before: readGenerations(directory).current });
    close();
    for (const ending of ["", "-wal", "-shm"]) rmSync(`${path}${ending}`, { force: true });
    removeUnnamed(directory);
  }

  function close(): void {
    if (isOpen) db.close();
    isOpen = false;
  }

  return {
    run: (calls) => calls.map((call) => replyTo(call, () => operations[call.name]!(...(call.args as never[])))),
    news: () => undefined,
    close,
  };
}
