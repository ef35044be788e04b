import { readFileSync } from "node:fs";

/** A clock tick of `/proc`, the same on every Linux that Node runs on. */
const tickMs = 10;

/** Time that a process has spent on the processor, in milliseconds; null where the system does not tell (proc(5)). */
export function processorMs(pid: number | undefined): number | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in brackets, may hold anything; the times are the 12th and 13th fields behind it.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks * tickMs : null;
  } catch {
    return null;
  }
}
