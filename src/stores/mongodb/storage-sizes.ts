import { MongoServerError, type Db } from "mongodb";
import { collections } from "./names.ts";

export interface CollectionSize {
  readonly collection: string;
  readonly documents: number;
  readonly dataBytes: number;
  readonly indexBytes: number;
}

interface ShardStats {
  readonly storageStats: { readonly count: number; readonly size: number; readonly totalIndexSize: number };
}

/** Sizes by `$collStats`, which answers once a shard: summed. A collection that does not exist counts nothing. */
export async function storageSizes(db: Db): Promise<readonly CollectionSize[]> {
  return Promise.all(Object.values(collections).map((collection) => sizeOf(db, collection)));
}

async function sizeOf(db: Db, collection: string): Promise<CollectionSize> {
  const sum = (shards: readonly ShardStats[], name: keyof ShardStats["storageStats"]): number =>
    shards.reduce((total, shard) => total + shard.storageStats[name], 0);
  try {
    const shards = await db
      .collection(collection)
      .aggregate<ShardStats>([{ $collStats: { storageStats: {} } }])
      .toArray();
    return {
      collection,
      documents: sum(shards, "count"),
      dataBytes: sum(shards, "size"),
      indexBytes: sum(shards, "totalIndexSize"),
    };
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === 26)) throw error;
    return { collection, documents: 0, dataBytes: 0, indexBytes: 0 };
  }
}
