import type { Command } from "commander";
import { exportArchive } from "../../archive/index.ts";
import type { Shell } from "../shell.ts";
import type { CommonOptions } from "../workspace.ts";
import { countsLine, megabytes, movingCommand, secondsSince, withStore } from "./moving.ts";

const description =
  "everything of a tenant in one file: documents, chunks, vectors, graph, sessions, memories; replaces FILE once done; a stopped run goes on";

export function addExport(program: Command, { terminal, signal }: Shell): void {
  movingCommand(program, "export", description).action(async (path: string, options: CommonOptions) => {
    const started = performance.now();
    const { bytes, resumed, ...counts } = await withStore({ ...options, access: "read" }, (store, scope) =>
      exportArchive({ store, scope, path, signal, onProgress: (now) => terminal.status(countsLine(now)) }),
    );
    terminal.status(null);
    const seconds = secondsSince(started);
    if (options.json) return terminal.json({ ...counts, resumed, bytes, seconds });
    const before = resumed === 0 ? "" : `, ${resumed} of them by the run before`;
    terminal.line(`Exported ${countsLine(counts)}${before}: ${megabytes(bytes)} in ${seconds.toFixed(1)} s.`);
  });
}
