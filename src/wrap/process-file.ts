import { hostname } from "node:os";

/** A file that one process writes, as its name tells. */
export interface ProcessFile {
  readonly host: string;
  readonly pid: number;
  /** Epoch milliseconds: ids of processes are used again. */
  readonly startedAt: number;
  /** Of letters, digits and hyphens: several may live in one process. */
  readonly writer: string;
}

export const ownProcessFile = (writer: string): ProcessFile => ({
  host: hostname(),
  pid: process.pid,
  startedAt: Math.floor(performance.timeOrigin),
  writer,
});

/** @param ending without its dot. */
export const processFileName = ({ host, pid, startedAt, writer }: ProcessFile, ending: string): string =>
  `${host}.${pid}.${startedAt}.${writer}.${ending}`;

/** What `processFileName` wrote; a name of somebody else's gives nonsense, which nobody's process is. */
export function readProcessFileName(name: string): ProcessFile & { readonly ending: string } {
  const [ending = "", writer = "", startedAt, pid, ...host] = name.split(".").toReversed();
  return { host: host.toReversed().join("."), pid: Number(pid), startedAt: Number(startedAt), writer, ending };
}

/** Of another machine that shares the folder nothing is known. */
export function mayLive({ host, pid, startedAt }: ProcessFile): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return startedAt === Math.floor(performance.timeOrigin);
  return isProcess(pid);
}

/** Whether any process of this machine has this id now. */
export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
