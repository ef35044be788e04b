import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, unlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

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
const ending = ".journal";

/**
 * Lines in a file of this process, made with its first line, readable by its owner alone. Where the folder cannot be
 * written nothing is kept, and nothing fails.
 * @param writer unique, of letters, digits and hyphens.
 */
export function journalFile(folder: string, writer: string): JournalFile {
  // Processes of one machine by id and start, since ids are used again; several writers may live in one.
  const own = `${hostname()}.${process.pid}.${Math.floor(performance.timeOrigin)}.${writer}${ending}`;
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
    return readdirSync(folder).filter((name) => name.endsWith(ending));
  } catch {
    return [];
  }
}

function readOther(path: string, name: string, now: number): LeftBehind[] {
  try {
    const isForgotten = now - statSync(path).mtimeMs > dayMs;
    const lines = readFileSync(path, "utf8").split("\n");
    return [{ lines, remove: () => void ((isForgotten || !mayLive(name)) && removeFile(path)) }];
  } catch {
    return [];
  }
}

/** Of another machine that shares the folder nothing is known. */
function mayLive(name: string): boolean {
  const [, start, pid, ...host] = name.slice(0, -ending.length).split(".").toReversed();
  if (host.toReversed().join(".") !== hostname()) return true;
  if (Number(pid) === process.pid) return Number(start) === Math.floor(performance.timeOrigin);
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or stays until somebody may remove it: it is only read again.
  }
}
