import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HybridRAGError } from "../../../errors.ts";

/** Held while this process may write to a data folder. */
export interface WriterLock {
  /** Says that the holder lives; other hosts go by it. */
  beat(now: number): void;
  release(): void;
}

/** A holder on another host that was silent for so long is taken for dead. */
const staleAfterMs = 30_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly beat_at: number;
}

/**
 * The lock itself is the operating system's, on a small file that SQLite keeps open: it ends with the process however
 * that ends, and cannot be stale. Beside it a note says who holds it, for the error message and for network folders,
 * where such locks may not work. See `docs/decisions/0011-writer-lock.md`.
 *
 * @throws HybridRAGError `data_locked`.
 */
export function acquireWriterLock(directory: string, now: number): WriterLock {
  const note = join(directory, "writer.json");
  const connection = lockedFile(join(directory, "writer.lock"), () => readHolder(note));
  const holder = readHolder(note);
  if (holder && holder.host !== hostname() && now - holder.beat_at < staleAfterMs) {
    connection.close();
    throw locked(holder);
  }
  const beat = (at: number): void => {
    const mine: Holder = { pid: process.pid, host: hostname(), beat_at: at };
    writeFileSync(note, `${JSON.stringify(mine)}\n`);
  };
  beat(now);
  return {
    beat,
    release: () => {
      rmSync(note, { force: true });
      connection.close();
    },
  };
}

/** Whatever stands in the lock file does not matter: a damaged one is emptied, which leaves a lock on it intact. */
function lockedFile(path: string, holder: () => Holder | null): DatabaseSync {
  for (const attempt of [1, 2]) {
    const connection = new DatabaseSync(path, { timeout: 0 });
    try {
      connection.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
      return connection;
    } catch (error) {
      connection.close();
      const code = (error as { readonly errcode?: number }).errcode;
      if (code === 5 || code === 6) throw locked(holder());
      if (attempt === 2) throw error;
      truncateSync(path);
    }
  }
  throw locked(holder());
}

function readHolder(path: string): Holder | null {
  try {
    const { pid, host, beat_at } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" && typeof beat_at === "number"
      ? { pid, host, beat_at }
      : null;
  } catch {
    return null;
  }
}

const locked = (holder: Holder | null): HybridRAGError =>
  new HybridRAGError(
    "data_locked",
    `Process ${holder?.pid ?? "unknown"}${holder ? ` on ${holder.host}` : ""} writes to this data folder. ` +
      "End it or wait until it is done; to search meanwhile, open the folder for reading only.",
    { details: { pid: holder?.pid ?? null, host: holder?.host ?? null } },
  );
