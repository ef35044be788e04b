import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  type ClientSession,
  type Collection,
  type Db,
  type Document as MongoDocument,
  type MongoClient,
  type ReadPreference,
} from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { CallOptions, IndexIdentity } from "../../ports/store.ts";
import type { Analyzer } from "../../text/analyze.ts";
import type { PoolCounts } from "./events.ts";
import type { Generation } from "./generation.ts";
import type { SearchCapabilities, SearchProfile, SwitchedFeature } from "./search-profile.ts";
import type { Statistics } from "./statistics.ts";
import type { Turns } from "./turns.ts";
import { translateError } from "./translate-error.ts";

export type Row = MongoDocument & { readonly _id: string };

/** What all ports of one open store share. */
export interface Context {
  readonly client: MongoClient;
  readonly db: Db;
  /** Where searches are read; everything else is read on the primary. */
  readonly searchReads: ReadPreference;
  readonly now: () => number;
  /** Milliseconds that one call may take with all its repetitions; work on many rows may take ten times as long. */
  readonly timeoutMs: number;
  readonly analyzer: Analyzer;
  readonly statistics: Statistics;
  readonly profile: SearchProfile;
  /** Connections to all servers now. */
  readonly pools: () => PoolCounts;
  /** Searches under way; the others wait in order. */
  readonly searches: Turns;
  /** Work that was accepted and is not done: `close` waits for it. */
  readonly running: Set<Promise<unknown>>;
  /** `_id`s of chunks written and not yet seen by search, with their tenants. */
  readonly unsettled: Map<string, string>;
  identity: IndexIdentity | null;
  /** Where the vectors of the identity lie. */
  generation: Generation;
  /** What the cluster may have and shall not be used. */
  readonly featuresOff: readonly SwitchedFeature[];
  /** Of approximate vector searches, where it is set. */
  readonly numCandidates?: number;
  /** What trial pipelines found, once somebody asked. */
  capabilities: Promise<SearchCapabilities> | null;
  closed: boolean;
}

export const rows = (context: Context, name: string): Collection<Row> => context.db.collection<Row>(name);

/**
 * Runs one call of a port: refused when closed or cancelled, ended at the deadline, errors translated, waited for at
 * close. A cancelled call ends only when nothing of it is under way any more, so that it leaves nothing half done.
 */
export async function call<T>(
  context: Context,
  options: CallOptions | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  timeoutMs = context.timeoutMs,
): Promise<T> {
  const signal = options?.signal;
  signal?.throwIfAborted();
  if (context.closed) {
    throw new HybridRAGError("store_failed", "The store is closed; open it again before calling it.", {
      retryable: false,
    });
  }
  const deadline = startDeadline(timeoutMs);
  const combined = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  const running = repeated(() => work(combined), combined)
    .catch((error: unknown) => {
      if (combined.aborted) throw combined.reason;
      throw translateError(error);
    })
    .finally(deadline.stop);
  const settled = running.catch(() => undefined);
  context.running.add(settled);
  void settled.then(() => context.running.delete(settled));
  return Promise.race([running, deadline.passed]);
}

interface Deadline {
  readonly signal: AbortSignal;
  /** Rejects when the time is over. */
  readonly passed: Promise<never>;
  readonly stop: () => void;
}

/** The driver has no deadline for a whole call, so we keep one. */
function startDeadline(milliseconds: number): Deadline {
  const controller = new AbortController();
  const { promise: passed, reject } = Promise.withResolvers<never>();
  passed.catch(() => undefined);
  const timer = setTimeout(() => {
    const error = new HybridRAGError("deadline_exceeded", "MongoDB did not finish before the deadline.", {
      details: { timeout_ms: milliseconds },
    });
    controller.abort(error);
    reject(error);
  }, milliseconds);
  return { signal: controller.signal, passed, stop: () => clearTimeout(timer) };
}

/** A driver's error inside the error of a bulk write: nothing of the server in it. */
const isWrapped = (error: unknown): error is MongoBulkWriteError =>
  error instanceof MongoBulkWriteError && typeof error.code !== "number" && [error.writeErrors].flat().length === 0;

/** A broken connection before the commit undoes the transaction: it may begin anew, also where a bulk write met it. */
function asTransient(error: unknown): never {
  if (error instanceof MongoNetworkError || isWrapped(error)) error.addErrorLabel("TransientTransactionError");
  throw error;
}

/** How often a call is repeated whose command was never sent. */
const attempts = 8;
const firstPauseMs = 20;

/** While a new primary is elected, connections are taken away from calls that wait for one: those begin again. */
async function repeated<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isUnsent =
        (error instanceof MongoError && error.name === "MongoPoolClearedError") ||
        (isWrapped(error) && error.message.startsWith("Connection pool for"));
      if (!isUnsent || attempt >= attempts || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** attempt));
    }
  }
}

/**
 * Runs work in one transaction; the driver repeats it on transient errors and unknown commit results. A cancelled
 * signal ends it before the commit, never after.
 */
export function transaction<T>(
  context: Context,
  signal: AbortSignal | undefined,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> {
  return context.client.withSession((session) =>
    session.withTransaction(
      async () => {
        signal?.throwIfAborted();
        const result = await work(session).catch(asTransient);
        signal?.throwIfAborted();
        return result;
      },
      { readConcern: { level: "snapshot" }, writeConcern: { w: "majority" }, readPreference: "primary" },
    ),
  );
}
