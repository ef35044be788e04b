import { createRequire } from "node:module";
import zlib from "node:zlib";
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

/** In the order in which they are offered, those that load: zstd came into Node with 22.15, snappy is a package. */
const loadable = (): ("zstd" | "snappy" | "zlib")[] => [
  ...(typeof zlib.zstdCompress === "function" ? (["zstd"] as const) : []),
  ...(isInstalled("snappy") ? (["snappy"] as const) : []),
  "zlib",
];

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** On this machine it would only cost. */
const compressorsFor = (uri: string): MongoClientOptions["compressors"] =>
  /^mongodb:\/\/(?:[^@/]*@)?(?:(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?,?)+(?:\/|\?|$)/.test(uri)
    ? ["none"]
    : loadable();

/**
 * What the URI says wins over what we set. Its read preference, with tags and staleness, is that of searches; everything
 * else is read where it was written, see `Context`.
 */
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
    monitorCommands,
    ignoreUndefined: true,
  });
}
