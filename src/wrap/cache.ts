import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { CacheStore } from "../ports/cache-store.ts";
import type { Embedder, EmbedRequest, EmbedResult } from "../ports/embedder.ts";
import type { Scope } from "../scope.ts";

export interface EmbeddingCacheOptions {
  /** Vectors kept in this process. */
  readonly maxEntries?: number;
  readonly ttlMs?: number;
  /** Part of every key, so that no tenant learns from another's speed what it has asked. */
  readonly tenant?: () => string;
  /**
   * Where vectors of documents outlive the process, so that a run that was killed pays for no chunk again. A vector is
   * stored before its text's call resolves.
   */
  readonly durable?: DurableVectors;
  readonly onLookup?: (lookup: CacheLookup) => void;
}

/** How many of the things that were looked for were there. */
export interface CacheLookup {
  readonly hits: number;
  readonly misses: number;
}

export interface DurableVectors {
  readonly caches: CacheStore;
  readonly scope: () => Scope;
  readonly ttlMs?: number;
  /** Whether `keepVectors` stands around the bare embedder, so that nothing is stored here again. */
  readonly isKeptInside?: boolean;
}

const space = "embeddings";

/**
 * Stores the vectors of documents in the moment in which they are answered, before a budget or a limit around it waits
 * for anything: the time in which a kill loses what was paid for is one commit. `cacheEmbedder` reads them.
 */
export function keepVectors(embedder: Embedder, durable: DurableVectors, tenant: () => string): Embedder {
  return {
    ...embedder,
    embed: async (texts, request) => {
      const result = await embedder.embed(texts, request);
      if (request.kind === "document") {
        const keys = keysOf(embedder, tenant(), texts, request);
        await writeDurable(durable, keys, result.vectors);
      }
      return result;
    },
  };
}

/**
 * Remembers vectors by fingerprint, kind, dimensions and text. Texts that are wanted at the same time, also by other
 * callers, are embedded once. `tokens` of a result counts only what this call caused.
 */
export function cacheEmbedder(embedder: Embedder, options: EmbeddingCacheOptions = {}): Embedder {
  const { maxEntries = 10_000, ttlMs = 3_600_000, durable } = options;
  const memory = new LRUCache<string, Float32Array>({ max: maxEntries, ttl: ttlMs });
  const flights = new Map<string, Flight>();

  async function embed(texts: readonly string[], request: EmbedRequest): Promise<EmbedResult> {
    const tenant = options.tenant?.() ?? "";
    const keys = keysOf(embedder, tenant, texts, request);
    const found = new Map<string, Float32Array>();
    for (const key of keys) {
      const vector = memory.get(key);
      if (vector !== undefined) found.set(key, vector);
    }
    if (durable !== undefined && request.kind === "document") await readDurable(durable, keys, found, embedder);
    const isWhole = readsTogether(embedder, request);
    // What is read together is asked for together, or not at all.
    if (isWhole && keys.some((key) => !found.has(key))) found.clear();
    const missing = new Map<string, string>();
    for (const [i, key] of keys.entries()) if (!found.has(key)) missing.set(key, texts[i] ?? "");
    options.onLookup?.({ hits: texts.length - missing.size, misses: missing.size });
    let tokens = 0;
    // Once for what is missing; again only for texts whose other caller gave up.
    while (missing.size > 0) tokens += await fetchMissing(missing, found, request);
    return { vectors: keys.map((key) => found.get(key)!), tokens };
  }

  /** Embeds what nobody is embedding yet and waits for the rest; moves what came from `missing` to `found`. */
  async function fetchMissing(
    missing: Map<string, string>,
    found: Map<string, Float32Array>,
    request: EmbedRequest,
  ): Promise<number> {
    const shared = [...missing.keys()].flatMap((key) => flights.get(key) ?? []);
    const own = [...missing].filter(([key]) => !flights.has(key));
    const result = own.length === 0 ? null : depart(own, request);
    for (const [i, [key]] of own.entries()) found.set(key, (await result)!.vectors[i]!);
    for (const flight of shared) {
      const vector = await arrival(flight, request.signal);
      if (vector !== null) found.set(flight.key, vector);
    }
    for (const key of found.keys()) missing.delete(key);
    return (await result)?.tokens ?? 0;
  }

  /** Registers the texts synchronously, so that no other caller embeds them meanwhile. */
  function depart(own: readonly (readonly [key: string, text: string])[], request: EmbedRequest): Promise<EmbedResult> {
    const result = land(own, request);
    for (const [i, [key]] of own.entries()) {
      const vector = result.then(({ vectors }) => vectors[i]!);
      vector.catch(() => {});
      flights.set(key, { key, vector, signal: request.signal });
    }
    return result;
  }

  async function land(
    own: readonly (readonly [key: string, text: string])[],
    request: EmbedRequest,
  ): Promise<EmbedResult> {
    const keys = own.map(([key]) => key);
    try {
      const result = await embedder.embed(
        own.map(([, text]) => text),
        request,
      );
      for (const [i, key] of keys.entries()) memory.set(key, result.vectors[i]!);
      const isToStore = durable !== undefined && durable.isKeptInside !== true && request.kind === "document";
      if (isToStore) await writeDurable(durable, keys, result.vectors);
      return result;
    } finally {
      for (const key of keys) flights.delete(key);
    }
  }

  return {
    ...embedder,
    embed: async (texts, request) => {
      request.signal?.throwIfAborted();
      return embed(texts, request);
    },
  };
}

interface Flight {
  readonly key: string;
  readonly vector: Promise<Float32Array>;
  /** Of the caller that started it. */
  readonly signal: AbortSignal | undefined;
}

/** The vector of a flight; null when the caller that started it gave up, which says nothing about the text. */
async function arrival(flight: Flight, signal: AbortSignal | undefined): Promise<Float32Array | null> {
  try {
    return await (signal === undefined ? flight.vector : untilAborted(flight.vector, signal));
  } catch (error) {
    if (signal?.aborted || !flight.signal?.aborted) throw error;
    return null;
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const quit = (): void => reject(signal.reason);
    signal.addEventListener("abort", quit, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", quit));
  });
}

async function readDurable(
  { caches, scope }: DurableVectors,
  keys: readonly string[],
  found: Map<string, Float32Array>,
  embedder: Embedder,
): Promise<void> {
  const wanted = [...new Set(keys)].filter((key) => !found.has(key));
  await Promise.all(
    wanted.map(async (key) => {
      const value = await caches.get(scope(), space, key);
      const vector = typeof value === "string" ? decode(value) : null;
      if (vector?.length === embedder.dimensions) found.set(key, vector);
    }),
  );
}

async function writeDurable(
  { caches, scope, ttlMs = 86_400_000 }: DurableVectors,
  keys: readonly string[],
  vectors: readonly Float32Array[],
): Promise<void> {
  // A store that cannot take them must not cost vectors that were paid for.
  await Promise.allSettled(keys.map((key, i) => caches.set(scope(), space, key, encode(vectors[i]!), ttlMs)));
}

const encode = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");

function decode(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)));
}

/** The fingerprint holds provider, model, dimensions and dtype. */
function keysOf(
  embedder: Embedder,
  tenant: string,
  texts: readonly string[],
  request: EmbedRequest,
): readonly string[] {
  const around = readsTogether(embedder, request) ? [hashOf(texts)] : [];
  return texts.map((text, at) => {
    const place = around.length > 0 ? [...around, at] : [];
    return hashOf([embedder.fingerprint, embedder.dimensions, tenant, request.kind, text, ...place]);
  });
}

const readsTogether = (embedder: Embedder, { together }: EmbedRequest): boolean =>
  together === true && embedder.readsTogether === true;

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");
