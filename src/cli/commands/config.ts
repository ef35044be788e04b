import type { Command } from "commander";
import { loadConfig, showConfig } from "../../config/config.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

export function addConfig(program: Command, { terminal }: Shell): void {
  withCommonOptions(program.command("config"))
    .description("every setting, its value and where it came from; secrets masked")
    .action((options: CommonOptions) => {
      const loaded = loadConfig({ flags: flagsOf(options) });
      const shown = showConfig(loaded);
      if (options.json) return terminal.json({ file: loaded.file, settings: shown });
      const width = Math.max(...shown.map(({ name }) => name.length));
      for (const { name, value, origin, environment } of shown) {
        const from = origin === "environment" ? environment : origin === "file" ? loaded.file : origin;
        terminal.line(`${name.padEnd(width)}  ${shownValue(value)}  ${terminal.dim(`(${from})`)}`);
      }
    });
}

/** Lists and tables as they would stand in the file of settings. */
function shownValue(value: unknown): string {
  if (value === null) return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
