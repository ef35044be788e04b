import type { Terminal } from "./terminal.ts";

/** What every command is given beside its own options. */
export interface Shell {
  readonly terminal: Terminal;
  /** Fires on the first Ctrl-C; the second ends the process. */
  readonly signal: AbortSignal;
  /** A command that ran and found something wrong sets it; errors set it themselves. */
  exitCode: number;
}
