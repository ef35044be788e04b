import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { HybridRAGError } from "../../errors.ts";
import { databasePath, indexDirectory } from "./workers/worker-settings.ts";

/**
 * Which folders below the data folder hold a database: the one in use and the one that was in use before. "" is the
 * data folder itself, where the first database lies. See `docs/decisions/0014-shadow-index.md`.
 */
export interface Generations {
  readonly current: string;
  readonly before: string | null;
}

const fileOf = (directory: string): string => join(directory, "current.json");
const isName = (value: unknown): value is string => typeof value === "string" && /^(reembed-[\da-f]{16})?$/.test(value);

/** @throws HybridRAGError `data_damaged`. */
export function readGenerations(directory: string): Generations {
  let text: string;
  try {
    text = readFileSync(fileOf(directory), "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return { current: "", before: null };
    throw error;
  }
  const { current, before } = parsed(text);
  if (isName(current) && (before === null || isName(before))) return { current, before };
  throw new HybridRAGError(
    "data_damaged",
    "The file current.json of the data folder is damaged; restore a copy of it.",
  );
}

function parsed(text: string): { readonly current?: unknown; readonly before?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}

/** The folder whose database is in use. Only the writer's lock keeps it from changing. */
export const homeOf = (directory: string): string => join(directory, readGenerations(directory).current);

/** Replaces the file at once: whoever opens the folder sees the generations before or these. For the lock's holder. */
export function writeGenerations(directory: string, generations: Generations): void {
  const draft = `${fileOf(directory)}.part`;
  const file = openSync(draft, "w");
  try {
    writeSync(file, `${JSON.stringify(generations)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, fileOf(directory));
  syncDirectory(directory);
}

/** Makes a renamed or created entry outlive a power cut; some systems cannot, and need not. */
export function syncDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  try {
    const handle = openSync(directory, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    return;
  }
}

/**
 * Goes back to the database that was in use before, which then becomes the one to go back to.
 *
 * @throws HybridRAGError `not_found`.
 */
export function rollBack(directory: string): Generations {
  const { current, before } = readGenerations(directory);
  if (before === null) {
    throw new HybridRAGError(
      "not_found",
      "There is no index before this one: nothing was embedded anew, or it was discarded.",
    );
  }
  const generations = { current: before, before: current };
  writeGenerations(directory, generations);
  return generations;
}

/** Removes every database but the one in use, also those that were never finished. @returns how many there were. */
export function discardOthers(directory: string): number {
  const { current, before } = readGenerations(directory);
  if (before !== null) writeGenerations(directory, { current, before: null });
  return removeUnnamed(directory);
}

/** Removes what no generation names. Who still reads it keeps its files until it closes them. */
export function removeUnnamed(directory: string, spared?: string): number {
  const { current, before } = readGenerations(directory);
  const named = new Set([current, before, spared]);
  let removed = 0;
  for (const name of readdirSync(directory)) {
    if (!name.startsWith("reembed-") || named.has(name)) continue;
    rmSync(join(directory, name), { recursive: true, force: true });
    removed += 1;
  }
  return named.has("") ? removed : removed + removeFirst(directory);
}

function removeFirst(directory: string): number {
  const path = databasePath(directory);
  const isThere = readdirSync(directory).includes("hybridrag.sqlite");
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${path}${ending}`, { force: true });
  rmSync(indexDirectory(directory), { recursive: true, force: true });
  return isThere ? 1 : 0;
}
