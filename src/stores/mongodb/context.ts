import type { ClientSession, Collection, Db, Document as MongoDocument, MongoClient } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { CallOptions, IndexIdentity } from "../../ports/store.ts";
import type { Analyzer } from "../../text/analyze.ts";
import type { SearchProfile } from "./search-profile.ts";
import type { Statistics } from "./statistics.ts";
import { translateError } from "./translate-error.ts";

export type Row = MongoDocument & { readonly _id: string };

/** What all ports of one open store share. */
export interface Context {
  readonly client: MongoClient;
  readonly db: Db;
  readonly now: () => number;
  readonly analyzer: Analyzer;
  readonly statistics: Statistics;
  readonly profile: SearchProfile;
  /** Work that was accepted and is not done: `close` waits for it. */
  readonly running: Set<Promise<unknown>>;
  /** `_id`s of chunks written and not yet seen by search. */
  readonly unsettled: Set<string>;
  identity: IndexIdentity | null;
  closed: boolean;
}

export const rows = (context: Context, name: string): Collection<Row> => context.db.collection<Row>(name);

/** Runs one call of a port: refused when closed or cancelled, errors translated, waited for at close. */
export async function call<T>(
  context: Context,
  options: CallOptions | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const signal = options?.signal;
  signal?.throwIfAborted();
  if (context.closed) {
    throw new HybridRAGError("store_failed", "The store is closed; open it again before calling it.", {
      retryable: false,
    });
  }
  const running = work(signal).catch((error: unknown) => {
    if (signal?.aborted) throw signal.reason;
    throw translateError(error);
  });
  const settled = running.catch(() => undefined);
  context.running.add(settled);
  void settled.then(() => context.running.delete(settled));
  return running;
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
        const result = await work(session);
        signal?.throwIfAborted();
        return result;
      },
      { readConcern: { level: "snapshot" }, writeConcern: { w: "majority" }, readPreference: "primary" },
    ),
  );
}
