import { HybridRAGError } from "../../errors.ts";
import type { PageRequest } from "../../ports/store.ts";
import type { Command } from "commander";

export interface PagingOptions {
  readonly limit: number;
  readonly cursor?: string;
}

/** Options of every command that lists. */
export const withPaging = (command: Command): Command =>
  command
    .option("--limit <number>", "how many at once, 1 to 1000", Number, 100)
    .option("--cursor <cursor>", "the `next` of the list before");

/** @throws HybridRAGError `invalid_input` for a limit outside 1 to 1000. */
export function pageRequestOf({ limit, cursor }: PagingOptions): PageRequest {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return { limit, cursor: cursor ?? null };
  const details = { path: "/limit" };
  throw new HybridRAGError("invalid_input", "--limit is a whole number from 1 to 1000.", { details });
}
