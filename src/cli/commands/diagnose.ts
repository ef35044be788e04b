import { Argument, type Command } from "commander";
import { loadConfig } from "../../config/config.ts";
import { openMongo } from "../../open-store.ts";
import type { MongoStore } from "../../open.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

type What = "connection" | "indexes" | "slow";
const kinds: readonly What[] = ["connection", "indexes", "slow"];

interface Diagnosis {
  /** For `--json`. */
  readonly data: object;
  readonly lines: readonly string[];
}

export function addDiagnose(program: Command, { terminal }: Shell): void {
  withCommonOptions(program.command("diagnose"))
    .addArgument(new Argument("<what>", "what to look at").choices(kinds))
    .description("look at MongoDB: the connection, the indexes with their sizes, or what a search takes on the server")
    .action(async (what: What, options: CommonOptions) => {
      const { config } = loadConfig({ flags: flagsOf(options) });
      const store = await openMongo(config, { manageIndexes: false });
      try {
        const { data, lines } = await diagnoses[what](store);
        if (options.json) terminal.json(data);
        else for (const line of lines) terminal.line(line);
      } finally {
        await store.close();
      }
    });
}

const rounded = (milliseconds: number | null): string =>
  milliseconds === null ? "time unknown" : `${milliseconds.toFixed(1)} ms`;

const diagnoses: Readonly<Record<What, (store: MongoStore) => Promise<Diagnosis>>> = {
  connection: async ({ diagnose }) => {
    const connection = await diagnose.connection();
    const { version, servers, primary, milliseconds, pools, capabilities } = connection;
    return {
      data: connection,
      lines: [
        `MongoDB ${version}; a ping takes ${rounded(milliseconds)}`,
        `servers: ${servers.join(", ") || "one, or a mongos"}; primary: ${primary ?? "none named"}`,
        `connections: ${pools.connections} open, ${pools.checkedOut} in use, ${pools.waiting} calls waiting`,
        ...Object.entries(capabilities).map(([name, has]) => `${name}: ${has ? "yes" : "no"}`),
      ],
    };
  },
  indexes: async ({ indexes, sizes }) => {
    const [status, stored] = await Promise.all([indexes.status(), sizes()]);
    return {
      data: { indexes: status, collections: stored },
      lines: [
        ...status.map(({ words, isCurrent }) => (isCurrent ? words : `${words}; not as the settings ask`)),
        ...stored.map(
          ({ collection, documents, dataBytes, indexBytes }) =>
            `${collection}: ${documents} documents, ${dataBytes} bytes, indexes ${indexBytes} bytes`,
        ),
      ],
    };
  },
  slow: async ({ diagnose }) => {
    const searches = await diagnose.searches();
    const lines = searches.flatMap(({ leg, milliseconds, stages }) => [
      `${leg}: ${rounded(milliseconds)} from here`,
      ...stages.map(
        ({ shard, stage, milliseconds: taken, returned }) =>
          `  ${shard === "-" ? "" : `${shard} `}${stage}: ${rounded(taken)}, ${returned ?? "?"} documents`,
      ),
    ]);
    return { data: { searches }, lines };
  },
};
