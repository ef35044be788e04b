import { existsSync, mkdirSync } from "node:fs";
import { HybridRAGError } from "../../../errors.ts";
import type { CallContext } from "../workers/context.ts";
import { databasePath } from "../workers/worker-settings.ts";

/** @throws HybridRAGError `conflict` when the folder already holds data. */
export function backUp({ db }: CallContext, directory: string): void {
  const path = databasePath(directory);
  if (existsSync(path)) {
    throw new HybridRAGError("conflict", "This folder already holds data; name an empty one for the copy.");
  }
  mkdirSync(directory, { recursive: true });
  db.run("VACUUM INTO ?", path);
}
