import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { mayLive, ownProcessFile, processFileName, readProcessFileName } from "./process-file.ts";

/** Lines that a process wrote before it died. */
export interface LeftBehind {
  readonly lines: readonly string[];
  /** Called when they are safe elsewhere. */
  readonly remove: () => void;
}

export interface JournalFile {
  /** What it returned from is in the hands of the operating system, whatever happens to this process. */
  append(line: string): void;
  /** Empties it. */
  clear(): void;
  /** What other processes wrote. Files of the living are read too, which hurts nobody, and stay. */
  others(now: number): readonly LeftBehind[];
}

const dayMs = 86_400_000;
const ending = "journal";

/**
 * Lines in a file of this process, made with its first line, readable by its owner alone. Where the folder cannot be
 * written nothing is kept, and nothing fails.
 * @param writer unique, of letters, digits and hyphens.
 */
export function journalFile(folder: string, writer: string): JournalFile {
  const own = processFileName(ownProcessFile(writer), ending);
  const path = join(folder, own);
  let descriptor: number | null = null;
  let isUsable = true;
  return {
    append(line) {
      if (!isUsable) return;
      try {
        if (descriptor === null) {
          mkdirSync(folder, { recursive: true, mode: 0o700 });
          descriptor = openSync(path, "a", 0o600);
        }
        writeSync(descriptor, `${line}\n`);
      } catch {
        isUsable = false;
      }
    },
    clear() {
      if (descriptor === null) return;
      closeSync(descriptor);
      descriptor = null;
      removeFile(path);
    },
    others: (now) => namesIn(folder).flatMap((name) => (name === own ? [] : readOther(join(folder, name), name, now))),
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(`.${ending}`));
  } catch {
    return [];
  }
}

function readOther(path: string, name: string, now: number): LeftBehind[] {
  try {
    const isForgotten = now - statSync(path).mtimeMs > dayMs;
    const lines = readFileSync(path, "utf8").split("\n");
    return [{ lines, remove: () => void ((isForgotten || !mayLive(readProcessFileName(name))) && removeFile(path)) }];
  } catch {
    return [];
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or stays until somebody may remove it: it is only read again.
  }
}
