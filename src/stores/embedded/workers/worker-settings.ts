import { join } from "node:path";

/** What a worker is started with. */
export interface WorkerSettings {
  readonly role: "writer" | "reader" | "shadow";
  readonly directory: string;
  /** The folder whose database is read; null: the one in use when the worker starts, which the writer's lock holds. */
  readonly home: string | null;
  /** The name of the folder below in which a shadow index is made. */
  readonly shadow?: string;
  readonly durability: "normal" | "full";
  /** The caller's clock when it was started, ms. */
  readonly now: number;
}

export const databasePath = (directory: string): string => join(directory, "hybridrag.sqlite");
export const indexDirectory = (directory: string): string => join(directory, "indexes");
