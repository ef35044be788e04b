import { type HybridRAGError, isHybridRAGError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { SecretSource } from "./secret-source.ts";

export interface SecretChainOptions {
  /** Asked in this order; the first that has a secret decides. */
  readonly sources: readonly SecretSource[];
  /** How long a value is used before its source is asked again. */
  readonly ttlMs?: number;
  readonly now?: () => number;
  /** A source that could not be asked while an old value stood in, or another source was asked. */
  readonly onProblem?: (source: SecretSource["name"], error: HybridRAGError) => void;
}

export interface SecretChain {
  /** Null when no source has it. */
  get(name: string, signal?: AbortSignal): Promise<Secret | null>;
  /** The source that a value came from, for `hybridrag secrets list`. */
  origin(name: string, signal?: AbortSignal): Promise<SecretSource["name"] | null>;
  /**
   * A key for an adapter: asks the sources again when the provider has refused the value in use, so that a rotated
   * key needs no restart.
   */
  key(name: string, missing: () => Error): { get(refused?: Secret): Promise<Secret> };
}

interface Entry {
  readonly secret: Secret | null;
  readonly origin: SecretSource["name"] | null;
  readonly at: number;
}

/**
 * Secrets by name out of several places. A value is remembered for a while; callers at the same time ask once; while
 * a source is down the old value goes on. Before the first value, a source that is down is an error only when no
 * later source has the secret.
 */
export function secretChain(options: SecretChainOptions): SecretChain {
  const { sources, ttlMs = 300_000, now = Date.now } = options;
  const known = new Map<string, Entry>();
  const asking = new Map<string, Promise<Entry>>();

  async function lookUp(name: string): Promise<Entry> {
    let failure: HybridRAGError | null = null;
    for (const source of sources) {
      try {
        const secret = await source.get(name);
        if (secret !== null) return { secret, origin: source.name, at: now() };
      } catch (error) {
        if (!isHybridRAGError(error)) throw error;
        options.onProblem?.(source.name, error);
        failure ??= error;
      }
    }
    if (failure === null) return { secret: null, origin: null, at: now() };
    const old = known.get(name);
    if (old?.secret) return { ...old, at: now() };
    throw failure;
  }

  function refresh(name: string): Promise<Entry> {
    const running = asking.get(name);
    if (running !== undefined) return running;
    const started = lookUp(name).then((entry) => {
      known.set(name, entry);
      return entry;
    });
    const flight = started.finally(() => asking.delete(name));
    asking.set(name, flight);
    return flight;
  }

  async function entryOf(name: string, signal?: AbortSignal): Promise<Entry> {
    signal?.throwIfAborted();
    const entry = known.get(name);
    return entry !== undefined && now() - entry.at < ttlMs ? entry : refresh(name);
  }

  return {
    get: async (name, signal) => (await entryOf(name, signal)).secret,
    origin: async (name, signal) => (await entryOf(name, signal)).origin,
    key: (name, missing) => ({
      async get(refused) {
        const entry = await entryOf(name);
        const isRefused = refused !== undefined && entry.secret?.reveal() === refused.reveal();
        const { secret } = isRefused ? await refresh(name) : entry;
        if (secret === null) throw missing();
        return secret;
      },
    }),
  };
}
