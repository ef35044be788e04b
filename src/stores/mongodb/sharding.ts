import { MongoServerError } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import { collections } from "./names.ts";

/**
 * The guide's two shard keys. `tenant` keeps the passages of one tenant together, and large tenants can split; `id`
 * spreads the passages of one tenant evenly.
 */
export type Sharding = "tenant" | "id";

export interface ShardingStep {
  readonly collection: string;
  /** As `db.adminCommand` takes it. */
  readonly command: Readonly<Record<string, unknown>>;
  readonly words: string;
}

const keys: Readonly<Record<Sharding, Readonly<Record<string, 1 | "hashed">>>> = {
  tenant: { "metadata.tenant_id": 1, _id: 1 },
  id: { _id: "hashed" },
};

/**
 * Only the passages are sharded: they are the bulk, and the unique indexes of the other collections hold on one shard.
 * A search asks every shard in either case.
 */
export function shardingSteps(database: string, by: Sharding): readonly ShardingStep[] {
  const collection = collections.chunks;
  const key = keys[by];
  const even = by === "id" ? "; pages of one document lie on several shards" : "; reads of one tenant ask few shards";
  return [
    {
      collection,
      command: { enableSharding: database },
      words: `let ${database} be sharded (needs nothing from MongoDB 6.0 on)`,
    },
    {
      collection,
      command: { shardCollection: `${database}.${collection}`, key },
      words: `shard ${collection} by ${JSON.stringify(key)}${even}`,
    },
  ];
}

/** Runs the steps. @throws HybridRAGError `invalid_config` where the cluster is a replica set. */
export async function applySharding(
  steps: readonly ShardingStep[],
  run: (command: Readonly<Record<string, unknown>>) => Promise<unknown>,
): Promise<void> {
  for (const { command } of steps) {
    try {
      await run(command);
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === 59)) throw error;
      throw new HybridRAGError(
        "invalid_config",
        "This cluster is a replica set and cannot shard; connect to a mongos, or leave --sharded out.",
        { cause: error },
      );
    }
  }
}
