import { MongoClient, type MongoClientOptions } from "mongodb";

/** The guide's connection settings, and the deadline of every call. */
export interface ConnectionSettings {
  readonly maxPoolSize?: number;
  readonly minPoolSize?: number;
  readonly maxIdleTimeMS?: number;
  readonly waitQueueTimeoutMS?: number;
  readonly connectTimeoutMS?: number;
  readonly serverSelectionTimeoutMS?: number;
  readonly socketTimeoutMS?: number;
  readonly appName?: string;
}

/** zlib is built in; snappy and zstd are native packages and only by the URI. On this machine it would only cost. */
const compressorsFor = (uri: string): MongoClientOptions["compressors"] =>
  /^mongodb:\/\/(?:[^@/]*@)?(?:(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?,?)+(?:\/|\?|$)/.test(uri)
    ? ["none"]
    : ["zlib"];

/** What the URI says wins over what we set. */
export function connectClient(uri: string, settings: ConnectionSettings, monitorCommands: boolean): MongoClient {
  const said = uri.toLowerCase();
  const unless = <T extends object>(name: string, value: T): T | object =>
    said.includes(`${name.toLowerCase()}=`) ? {} : value;
  return new MongoClient(uri, {
    maxPoolSize: 100,
    minPoolSize: 0,
    maxIdleTimeMS: 30_000,
    connectTimeoutMS: 10_000,
    socketTimeoutMS: 60_000,
    appName: "hybridrag",
    retryReads: true,
    retryWrites: true,
    ...settings,
    ...unless("serverSelectionTimeoutMS", {
      serverSelectionTimeoutMS: settings.serverSelectionTimeoutMS ?? 10_000,
    }),
    ...unless("compressors", { compressors: compressorsFor(uri) }),
    ...unless("w", { writeConcern: { w: "majority" as const, journal: true } }),
    readPreference: "primary",
    monitorCommands,
    ignoreUndefined: true,
  });
}
