import type { Command } from "commander";
import { importArchive, type ArchiveCounts } from "../../archive/index.ts";
import type { Shell } from "../shell.ts";
import type { CommonOptions } from "../workspace.ts";
import { countsLine, megabytes, movingCommand, secondsSince, withStore } from "./moving.ts";

const description =
  "take over what export wrote, from either engine; what is there already, as new or newer, is kept, so it can be run again";

export function addImport(program: Command, { terminal, signal }: Shell): void {
  movingCommand(program, "import", description).action(async (path: string, options: CommonOptions) => {
    const started = performance.now();
    const onProgress = (now: ArchiveCounts, total: ArchiveCounts): void =>
      terminal.status(`${countsLine(now)} of ${total.documents} documents`);
    const { engine, bytes, kept, ...counts } = await withStore(
      { ...options, access: "write" },
      async (store, scope) => ({
        engine: store.engine,
        ...(await importArchive({ store, scope, path, signal, onProgress })),
      }),
    );
    terminal.status(null);
    const seconds = secondsSince(started);
    if (engine === "mongodb") terminal.note("hybridrag indexes wait returns once all of it can be searched.");
    if (options.json) return terminal.json({ ...counts, kept, bytes, seconds });
    const before = kept === 0 ? "" : `, ${kept} of them there before`;
    terminal.line(`Imported ${countsLine(counts)}${before}: ${megabytes(bytes)} in ${seconds.toFixed(1)} s.`);
  });
}
