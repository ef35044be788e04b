import { resolve } from "node:path";
import type { Config } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import type { Store } from "./ports/store.ts";
import type { MongoEvent, MongoStore, MongoStoreOptions, Role, SlowCommand } from "./stores/mongodb/index.ts";

/** The engine that the settings mean: MongoDB once a connection string is set, else the embedded one. */
export function engineOf(config: Config): "embedded" | "mongodb" {
  if (config.engine !== "auto") return config.engine;
  return config.mongodb_uri === undefined ? "embedded" : "mongodb";
}

export async function openStore(
  config: Config,
  access: "read" | "write",
  onSlow?: (command: SlowCommand) => void,
): Promise<Store> {
  if (engineOf(config) === "mongodb") {
    return openMongo(config, { manageIndexes: config.mongodb_manage_indexes, ...(onSlow ? { onSlow } : {}) });
  }
  const { openEmbeddedStore } = await import("./stores/embedded/index.ts");
  return openEmbeddedStore({ directory: resolve(config.data_dir), access, durability: config.durability });
}

/** @throws HybridRAGError `invalid_config` when no connection string is set; what the adapter throws. */
export async function openMongo(
  config: Config,
  options: { readonly manageIndexes: boolean; readonly onSlow?: (command: SlowCommand) => void },
): Promise<MongoStore> {
  const { onSlow } = options;
  const uri = config.mongodb_uri?.reveal();
  if (uri === undefined) {
    throw new HybridRAGError("invalid_config", "Set MONGODB_URI to the connection string of the cluster.", {
      details: { setting: "MONGODB_URI" },
    });
  }
  const { openMongoStore } = await import("./stores/mongodb/index.ts");
  return openMongoStore({
    uri,
    database: config.mongodb_database,
    timeoutMs: config.mongodb_timeout_ms,
    manageIndexes: options.manageIndexes,
    ...(onSlow ? { events: { slowMs: config.mongodb_slow_ms, onEvent: slowOnly(onSlow) } } : {}),
    connection: {
      maxPoolSize: config.mongodb_max_pool_size,
      minPoolSize: config.mongodb_min_pool_size,
    },
    indexes: indexSettings(config),
    featuresOff: config.mongodb_features_off,
    ...optional("numCandidates", config.mongodb_num_candidates),
  });
}

function indexSettings(config: Config): MongoStoreOptions["indexes"] {
  const { mongodb_hnsw_max_edges: maxEdges, mongodb_hnsw_edge_candidates: numEdgeCandidates } = config;
  const isTuned = maxEdges !== undefined || numEdgeCandidates !== undefined;
  return {
    fields: config.mongodb_filter_fields,
    similarity: config.mongodb_similarity,
    analyzer: config.mongodb_analyzer,
    storedSource: config.mongodb_stored_source,
    lexicalPrefilter: config.mongodb_lexical_prefilter,
    ...(config.mongodb_quantization === "auto" ? {} : { quantization: config.mongodb_quantization }),
    ...optional("indexingMethod", config.mongodb_indexing_method),
    ...(isTuned ? { hnsw: { maxEdges: maxEdges ?? 16, numEdgeCandidates: numEdgeCandidates ?? 100 } } : {}),
  };
}

const optional = <K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: V });

const slowOnly =
  (onSlow: (command: SlowCommand) => void) =>
  (event: MongoEvent): void => {
    if (event.type !== "slow-command") return;
    const { type: _type, ...command } = event;
    onSlow(command);
  };

/** The roles that the three kinds of servers need; no server is asked. */
export async function mongoRoles(database: string): Promise<readonly Role[]> {
  const { roleFor } = await import("./stores/mongodb/index.ts");
  return (["app", "ingest", "operator"] as const).map((role) => roleFor(role, database));
}
