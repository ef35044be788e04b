import { MongoClient, type MongoClientOptions } from "mongodb";

/** The guide's connection settings, and the deadline of every call. */
export interface ConnectionSettings {
  readonly maxPoolSize?: number;
  readonly minPoolSize?: number;
  readonly maxIdleTimeMS?: number;
  readonly waitQueueTimeoutMS?: number;
  readonly connectTimeoutMS?: number;
  readonly serverSelectionTimeoutMS?: number;
  /** Milliseconds that one call may take with all its retries. */
  readonly timeoutMS?: number;
  readonly appName?: string;
}

/** zlib is built in; snappy and zstd are native packages and only by the URI. */
const compressors: MongoClientOptions["compressors"] = ["zlib"];

/** What the URI says wins over what we set. */
export function connectClient(uri: string, settings: ConnectionSettings): MongoClient {
  const said = uri.toLowerCase();
  const unless = <T extends object>(name: string, value: T): T | object =>
    said.includes(`${name.toLowerCase()}=`) ? {} : value;
  return new MongoClient(uri, {
    maxPoolSize: 100,
    minPoolSize: 0,
    maxIdleTimeMS: 30_000,
    connectTimeoutMS: 10_000,
    appName: "hybridrag",
    retryReads: true,
    retryWrites: true,
    ...settings,
    ...unless("timeoutMS", { timeoutMS: settings.timeoutMS ?? 30_000 }),
    ...unless("serverSelectionTimeoutMS", {
      serverSelectionTimeoutMS: settings.serverSelectionTimeoutMS ?? 10_000,
    }),
    ...unless("compressors", { compressors }),
    ...unless("w", { writeConcern: { w: "majority" as const, journal: true } }),
    readPreference: "primary",
    ignoreUndefined: true,
  });
}
