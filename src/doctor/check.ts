/** `unknown`: it cannot be seen from here, and the message says who can see it. */
export type CheckState = "ok" | "warning" | "failed" | "unknown";

export interface Finding {
  readonly state: CheckState;
  readonly message: string;
  /** The command, setting or person that mends it. */
  readonly remedy?: string;
}

/** One line of the checklist. */
export interface Check {
  readonly id: string;
  readonly area:
    | "machine"
    | "store"
    | "indexes"
    | "configuration"
    | "security"
    | "models"
    | "observability"
    | "operation";
  /** Looks, and changes nothing. What it throws is a failure with that message. */
  run(): Promise<Finding>;
}

export const ok = (message: string): Finding => ({ state: "ok", message });
export const warning = (message: string, remedy: string): Finding => ({ state: "warning", message, remedy });
export const failed = (message: string, remedy: string): Finding => ({ state: "failed", message, remedy });
export const unknown = (message: string, remedy: string): Finding => ({ state: "unknown", message, remedy });
