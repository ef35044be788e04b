import { Argument, type Command } from "commander";
import { loadConfig, type Config } from "../../config/config.ts";
import { parseFilter } from "../../filter/parse-filter.ts";
import { openIndexEmbedder } from "../../open.ts";
import { openMongo } from "../../open-store.ts";
import type { MongoStore } from "../../open.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { ownerScope } from "../../scope.ts";
import { flagsOf, parseFilters, type CommonOptions } from "../workspace.ts";

type What = "connection" | "indexes" | "slow";
const kinds: readonly What[] = ["connection", "indexes", "slow"];

interface DiagnoseOptions extends CommonOptions {
  readonly query?: string;
  readonly filters?: string;
}

interface Diagnosis {
  /** For `--json`. */
  readonly data: object;
  readonly lines: readonly string[];
}

export function addDiagnose(program: Command, { terminal }: Shell): void {
  withCommonOptions(program.command("diagnose"))
    .addArgument(new Argument("<what>", "what to look at").choices(kinds))
    .description("look at MongoDB: the connection, the indexes with their sizes, or what a search takes on the server")
    .option("--query <text>", "with slow: explain the search for this text instead of the cheapest one")
    .option("--filters <json>", 'with --query: conditions such as {"metadata.category": "report"}')
    .action(async (what: What, options: DiagnoseOptions) => {
      const { config } = loadConfig({ flags: flagsOf(options) });
      const store = await openMongo(config, { manageIndexes: false });
      try {
        const { data, lines } = await diagnoses[what](store, () => askedSearch(config, store, options));
        if (options.json) terminal.json(data);
        else for (const line of lines) terminal.line(line);
      } finally {
        await store.close();
      }
    });
}

const rounded = (milliseconds: number | null): string =>
  milliseconds === null ? "time unknown" : `${milliseconds.toFixed(1)} ms`;

type Asked = Parameters<MongoStore["diagnose"]["searches"]>[0];

/** What `search` would ask the store for. */
async function askedSearch(config: Config, store: MongoStore, { query, filters }: DiagnoseOptions): Promise<Asked> {
  if (query === undefined) return undefined;
  const { embedder } = await openIndexEmbedder(config, store);
  try {
    const embedded = await embedder?.embed([query], { kind: "query" });
    const vector = embedded?.vectors[0] ?? null;
    const filter = filters === undefined ? null : parseFilter(parseFilters(filters));
    return { scope: ownerScope(config.tenant), request: { vector, text: { query }, filter, candidates: 50 } };
  } finally {
    await embedder?.close();
  }
}

const diagnoses: Readonly<Record<What, (store: MongoStore, asked: () => Promise<Asked>) => Promise<Diagnosis>>> = {
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
  indexes: async ({ indexes, sizes, sizing }) => {
    const [status, stored, vectors] = await Promise.all([indexes.status(), sizes(), sizing()]);
    return {
      data: { indexes: status, collections: stored, vectors },
      lines: [
        ...status.map(({ words, isCurrent }) => (isCurrent ? words : `${words}; not as the settings ask`)),
        ...(vectors ? [`memory: ${vectors.reason} (${vectors.formula})`, `search nodes: ${vectors.searchNodes}`] : []),
        ...stored.map(
          ({ collection, documents, dataBytes, indexBytes }) =>
            `${collection}: ${documents} documents, ${dataBytes} bytes, indexes ${indexBytes} bytes`,
        ),
      ],
    };
  },
  slow: async ({ diagnose }, asked) => {
    const searches = await diagnose.searches(await asked());
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
