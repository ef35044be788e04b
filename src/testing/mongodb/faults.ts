import { ServerError, type codes } from "./fault.ts";

/** What happens to a command instead of, or beside, its execution. */
export type FaultAction =
  /** The connection breaks before the command is read. */
  | { readonly kind: "reset" }
  /** The command runs, its answer is cut off and the connection breaks: the outcome is unknown to the client. */
  | { readonly kind: "cut" }
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** Code 489 with the labels that ask the client to back off. */
  | { readonly kind: "overload" }
  | { readonly kind: "error"; readonly code: keyof typeof codes; readonly labels?: readonly string[] };

interface Armed {
  readonly command: string | null;
  readonly action: FaultAction;
  times: number;
}

/** Faults that are armed and used up, one command at a time. */
export class Faults {
  private armed: Armed[] = [];
  /** Milliseconds by which search lags behind writes; Infinity stops it. */
  searchLagMs = 0;
  /** How long builds of search indexes take from now on; null: as the server was started. */
  searchBuildMs: number | null = null;
  /** Connections over all members beyond this are refused. */
  maxConnections = Infinity;

  /** The next `times` commands of this name (null: any but the handshake) meet the fault. */
  arm(command: string | null, action: FaultAction, times = 1): void {
    this.armed.push({ command, action, times });
  }

  clear(): void {
    this.armed = [];
    this.searchLagMs = 0;
    this.searchBuildMs = null;
    this.maxConnections = Infinity;
  }

  take(command: string): FaultAction | null {
    const fault = this.armed.find((armed) => armed.command === null || armed.command === command);
    if (!fault) return null;
    fault.times -= 1;
    if (fault.times <= 0) this.armed = this.armed.filter((armed) => armed !== fault);
    return fault.action;
  }
}

export function errorOf(action: FaultAction): ServerError | null {
  if (action.kind === "overload") {
    return new ServerError("SystemOverloaded", "the server sheds load", {
      labels: ["SystemOverloadedError", "RetryableError"],
    });
  }
  return action.kind === "error"
    ? new ServerError(action.code, `fault injected: ${action.code}`, { labels: action.labels ?? [] })
    : null;
}
