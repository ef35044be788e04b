import { join } from "node:path";

/** What a worker is started with. */
export interface WorkerSettings {
  readonly role: "writer" | "reader";
  readonly directory: string;
  readonly durability: "normal" | "full";
  /** The caller's clock when it was started, ms. */
  readonly now: number;
}

export const databasePath = (directory: string): string => join(directory, "hybridrag.sqlite");
export const indexDirectory = (directory: string): string => join(directory, "indexes");
