import { Option, type Command } from "commander";
import { loadConfig, type Config } from "../../config/config.ts";
import { HybridRAGError } from "../../errors.ts";
import { openIndexes, type IndexStatus, type IndexStep, type MongoIndexes, type Sharding } from "../../open.ts";
import { rollBackIndex } from "../../open-reembed.ts";
import { engineOf, mongoRoles } from "../../open-store.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";
import { addReembed } from "./reembed.ts";

interface WaitOptions extends CommonOptions {
  readonly timeout: number;
}

interface ApplyOptions extends CommonOptions {
  readonly sharded?: Sharding;
}

interface RollbackOptions extends CommonOptions {
  readonly definitions?: boolean;
}

const shardings: readonly Sharding[] = ["tenant", "id"];
const sharded = (): Option =>
  new Option("--sharded <by>", "shard the passages too: by tenant, or by id for one large tenant").choices(shardings);

const secondMs = 1000;

export function addIndexes(program: Command, shell: Shell): void {
  const { terminal } = shell;
  const indexes = program
    .command("indexes")
    .description("the search indexes of MongoDB, and vectors of another embedder");
  const add = (name: "plan" | "apply", description: string) =>
    withCommonOptions(indexes.command(name))
      .description(description)
      .addOption(sharded())
      .action(async (options: ApplyOptions) =>
        printSteps(await withIndexes(options, (open) => open[name](options)), options, terminal),
      );
  add("plan", "what the settings would change, in words; nothing is done");
  add("apply", "create and update what the settings ask for");
  withCommonOptions(indexes.command("roles"))
    .description("roles for the users of MongoDB, with the rights that the code uses and no more")
    .action(async (options: CommonOptions) => {
      const roles = await mongoRoles(configOf(options).mongodb_database);
      if (options.json) return terminal.json({ roles });
      for (const role of roles) terminal.line(`db.createRole(${JSON.stringify({ ...role, roles: [] })})`);
    });
  addReembed(indexes, shell);
  withCommonOptions(indexes.command("rollback"))
    .description("back to the index before reembed; on MongoDB, --definitions: to those before the last change")
    .option("--definitions", "of the search indexes of MongoDB, whatever their vectors are of")
    .action(async (options: RollbackOptions) => {
      if (options.definitions)
        return printSteps(await withIndexes(options, (open) => open.rollback()), options, terminal);
      const { missing } = await rollBackIndex(configOf(options));
      if (options.json) return terminal.json({ outcome: "rolled-back", missing });
      terminal.line("The index before is in use again; a second rollback takes this back.");
      if (missing > 0)
        terminal.line(
          `${missing} passages were written since and have no vector in it: run hybridrag indexes reembed.`,
        );
    });
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

const configOf = (options: CommonOptions): Config => loadConfig({ flags: flagsOf(options) }).config;

async function withIndexes<T>(options: CommonOptions, run: (indexes: MongoIndexes) => Promise<T>): Promise<T> {
  const config = configOf(options);
  if (engineOf(config) === "embedded") throw onlyMongo();
  const { indexes, close } = await openIndexes(config);
  try {
    return await run(indexes);
  } finally {
    await close();
  }
}

const onlyMongo = (): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    "The embedded engine keeps its indexes by itself: there is nothing to plan, apply or wait for. Set MONGODB_URI for " +
      "those of MongoDB; hybridrag indexes reembed makes vectors anew for another embedder.",
    { details: { setting: "MONGODB_URI" } },
  );

function printSteps(steps: readonly IndexStep[], options: CommonOptions, terminal: Terminal): void {
  if (options.json) return terminal.json({ steps });
  for (const { action, collection, index, words } of steps) {
    terminal.line(`${action.padEnd(6)} ${collection}.${index}: ${words}`);
  }
  if (steps.length === 0) terminal.line("Nothing to do.");
}

const statusLine = ({ index, status, queryable, isCurrent, words }: IndexStatus): string =>
  `${index}: ${status}${queryable ? "" : ", not queryable"}${isCurrent ? "" : ", not as the settings ask"} (${words})`;
