import {
  closeSync,
  ftruncateSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  isProcess,
  mayLive,
  ownProcessFile,
  type ProcessFile,
  processFileName,
  readProcessFileName,
} from "../process-file.ts";

/**
 * The file in which a courier notes what it brought. Its ending says what it is: `courier` of one that works for
 * somebody, `orphan` of one whose process has ended, `answers` when it has ended itself and left something.
 */
export interface CourierFile {
  /** What it returned from is in the hands of the operating system, where the disk takes it. */
  append(line: string): void;
  /** Forgets all lines. */
  clear(): void;
  /** Shows that this process lives; to be called every `beatMs`. */
  beat(): void;
  /** The process it works for has ended. */
  orphan(): void;
  /** Nothing more will come. */
  close(): void;
}

/** No adapter waits longer for an answer that comes in one piece; a call that hangs ends here. */
export const longestCallMs = 120_000;

export const beatMs = 1000;
/** Ids of processes are used again: one that does not beat is not the one that wrote the file. */
const silentMs = 30_000;
/** The clocks of two machines, and what one sees of the other's files, may be apart. */
const silentElsewhereMs = 60_000;

/** @param master id of the process that it works for. @throws where the folder cannot be written. */
export function courierFile(folder: string, master: number): CourierFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = ownProcessFile(String(master));
  let path = join(folder, processFileName(own, "courier"));
  const descriptor = openSync(path, "ax", 0o600);
  let lines = 0;
  const moveTo = (ending: string): void => {
    const next = join(folder, processFileName(own, ending));
    attempt(() => renameSync(path, next));
    path = next;
  };
  return {
    append(line) {
      lines++;
      attempt(() => writeSync(descriptor, `${line}\n`));
    },
    clear() {
      lines = 0;
      attempt(() => ftruncateSync(descriptor));
    },
    beat: () => attempt(() => futimesSync(descriptor, new Date(), new Date())),
    orphan: () => moveTo("orphan"),
    close() {
      closeSync(descriptor);
      if (lines === 0) attempt(() => unlinkSync(path));
      else moveTo("answers");
    },
  };
}

/** Couriers that still work although the process that they work for has ended. */
export const orphans = (folder: string, now: number): number =>
  filesIn(folder).filter((file) => isWorking(file, folder, now) && isOrphan(file)).length;

/**
 * Takes over what couriers left that have ended, so that nobody else does. Should this process end before it has removed
 * them, they are again what a courier left.
 */
export function claimAnswers(folder: string, claimant: string, now: number): readonly string[] {
  const left = filesIn(folder).filter((file) => file.ending === "answers" || !isWorking(file, folder, now));
  return left.flatMap((file, index) => {
    const claimed = join(folder, processFileName(ownProcessFile(`${process.pid}-${claimant}-${index}`), "courier"));
    const path = join(folder, file.name);
    try {
      // Fresh, so that it is the file of a process that works as soon as it has this one's name.
      utimesSync(path, new Date(), new Date());
      renameSync(path, claimed);
      return [claimed];
    } catch {
      // Somebody else was sooner.
      return [];
    }
  });
}

/** Hands claimed files, or what is left of them, to whoever comes next. */
export const releaseAnswers = (path: string): void =>
  attempt(() => renameSync(path, path.replace(/courier$/, "answers")));

interface NamedFile extends ProcessFile {
  readonly name: string;
  readonly ending: string;
}

const endings = new Set(["courier", "orphan", "answers"]);

function filesIn(folder: string): readonly NamedFile[] {
  try {
    return readdirSync(folder)
      .map((name) => ({ name, ...readProcessFileName(name) }))
      .filter(({ ending }) => endings.has(ending));
  } catch {
    return [];
  }
}

function isWorking(file: NamedFile, folder: string, now: number): boolean {
  const { name, host, pid, ending } = file;
  if (ending === "answers" || !mayLive(file)) return false;
  const isHere = host === hostname();
  if (isHere && pid === process.pid) return true;
  try {
    return now - statSync(join(folder, name)).mtimeMs < (isHere ? silentMs : silentElsewhereMs);
  } catch {
    // It was renamed or removed this instant; whoever waits looks again.
    return true;
  }
}

function isOrphan({ host, writer, ending }: NamedFile): boolean {
  if (ending === "orphan") return true;
  return host === hostname() && !isProcess(Number.parseInt(writer, 10));
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // The disk is full, or the folder was removed: the answer itself must not be lost for that.
  }
}
