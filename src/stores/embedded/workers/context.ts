import type { Transferable } from "node:worker_threads";
import type { Analyzer } from "../../../text/analyze.ts";
import type { QuestionWords } from "../../../walk/coverage.ts";
import type { IndexBase } from "../index/index-base.ts";
import type { SnapshotFiles } from "../index/snapshot-files.ts";
import type { TenantIndexes } from "../index/tenant-indexes.ts";
import type { Database } from "../sqlite/database.ts";

/** What every operation gets: the connection, inside a transaction, and the caller's clock (ms). */
export interface CallContext {
  readonly db: Database;
  readonly now: number;
}

/** What a reader's operations get as well. */
export interface ReadContext extends CallContext {
  readonly indexes: TenantIndexes;
  readonly analyzer: Analyzer;
  readonly words: QuestionWords;
  readonly files: SnapshotFiles;
  /** Offers a base to the other threads. */
  readonly share: (base: IndexBase) => void;
  /** Buffers of the answer that may move to the main thread instead of being copied. */
  readonly transfer: Transferable[];
}
