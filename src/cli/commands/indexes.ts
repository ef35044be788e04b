import type { Command } from "commander";
import { loadConfig } from "../../config/config.ts";
import { openIndexes, type IndexStatus, type IndexStep, type MongoIndexes } from "../../open.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

interface WaitOptions extends CommonOptions {
  readonly timeout: number;
}

const secondMs = 1000;

export function addIndexes(program: Command, { terminal }: Shell): void {
  const indexes = program.command("indexes").description("the search indexes of MongoDB");
  const add = (name: string, description: string, run: (indexes: MongoIndexes) => Promise<readonly IndexStep[]>) =>
    withCommonOptions(indexes.command(name))
      .description(description)
      .action(async (options: CommonOptions) => printSteps(await withIndexes(options, run), options, terminal));
  add("plan", "what the settings would change, in words; nothing is done", (open) => open.plan());
  add("apply", "create and update what the settings ask for", (open) => open.apply());
  add("rollback", "back to the definitions before the last change", (open) => open.rollback());
  withCommonOptions(indexes.command("status"))
    .description("whether each index is ready, queryable and as defined")
    .action(async (options: CommonOptions) => {
      const status = await withIndexes(options, (open) => open.status());
      if (options.json) terminal.json({ indexes: status });
      else for (const one of status) terminal.line(statusLine(one));
    });
  withCommonOptions(indexes.command("wait"))
    .description("return once every index is ready, queryable and as defined")
    .option("--timeout <seconds>", "give up after so long", Number, 600)
    .action(async (options: WaitOptions) => {
      const started = performance.now();
      await withIndexes(options, (open) => open.wait({ timeoutMs: options.timeout * secondMs }));
      const seconds = (performance.now() - started) / secondMs;
      if (options.json) terminal.json({ ready: true, seconds });
      else terminal.line(`All indexes are ready (${seconds.toFixed(1)} s).`);
    });
}

async function withIndexes<T>(options: CommonOptions, run: (indexes: MongoIndexes) => Promise<T>): Promise<T> {
  const { config } = loadConfig({ flags: flagsOf(options) });
  const { indexes, close } = await openIndexes(config);
  try {
    return await run(indexes);
  } finally {
    await close();
  }
}

function printSteps(steps: readonly IndexStep[], options: CommonOptions, terminal: Terminal): void {
  if (options.json) return terminal.json({ steps });
  for (const { action, collection, index, words } of steps) {
    terminal.line(`${action.padEnd(6)} ${collection}.${index}: ${words}`);
  }
  if (steps.length === 0) terminal.line("Nothing to do.");
}

const statusLine = ({ index, status, queryable, isCurrent, words }: IndexStatus): string =>
  `${index}: ${status}${queryable ? "" : ", not queryable"}${isCurrent ? "" : ", not as the settings ask"} (${words})`;
