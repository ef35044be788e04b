import type { Command } from "commander";
import type { ArchiveCounts } from "../../archive/index.ts";
import { loadConfig, type Config } from "../../config/config.ts";
import { openStore } from "../../open-store.ts";
import type { Store } from "../../ports/store.ts";
import { ownerScope, type Scope } from "../../scope.ts";
import { withCommonOptions } from "../common-options.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

/** What moves needs neither embedder nor model, so only the store is opened. */
export async function withStore<T>(
  options: CommonOptions & { readonly access: "read" | "write" },
  run: (store: Store, scope: Scope, config: Config) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig({ flags: flagsOf(options) });
  const store = await openStore(config, options.access);
  try {
    return await run(store, ownerScope(config.tenant), config);
  } finally {
    await store.close();
  }
}

export const movingCommand = (program: Command, name: "export" | "import", description: string): Command =>
  withCommonOptions(program.command(`${name} <file>`)).description(description);

/** What was moved, in words. */
export function countsLine({ documents, chunks, sessions, messages, memories, edits }: ArchiveCounts): string {
  const parts = [
    `${documents} documents (${chunks} chunks)`,
    `${sessions} sessions (${messages} messages)`,
    `${memories} memories`,
    ...(edits === 0 ? [] : [`${edits} edits of the graph`]),
  ];
  return parts.join(", ");
}

export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Seconds since `started`, which is of `performance.now()`. */
export const secondsSince = (started: number): number => (performance.now() - started) / 1000;
