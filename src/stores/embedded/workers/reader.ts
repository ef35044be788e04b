import { existsSync } from "node:fs";
import { HybridRAGError } from "../../../errors.ts";
import { questionWords } from "../../../walk/coverage.ts";
import { homeOf } from "../generations.ts";
import { indexAnalyzer, type IndexBase } from "../index/index-base.ts";
import { snapshotFiles } from "../index/snapshot-files.ts";
import { tenantIndexes } from "../index/tenant-indexes.ts";
import { openDatabase } from "../sqlite/database.ts";
import { refuseOldFormat } from "../sqlite/migrations.ts";
import type { ReadContext } from "./context.ts";
import { reads } from "./operations.ts";
import { replyTo, type WorkerBody } from "./serve-calls.ts";
import { databasePath, indexDirectory, type WorkerSettings } from "./worker-settings.ts";

/** Tenants whose indexes one thread keeps; the others are made again when they are searched. */
const mostIndexes = 256;

/** @throws HybridRAGError `data_newer`, `not_ready`, `data_damaged` or `store_failed`. */
export function openReader(settings: WorkerSettings, tell: (news: unknown) => void): WorkerBody {
  const { directory, durability, home } = settings;
  const folder = home ?? homeOf(directory);
  if (!existsSync(databasePath(folder))) throw nothingYet();
  const db = openDatabase({ path: databasePath(folder), readOnly: true, durability });
  refuseOldFormat(db);
  const analyzer = indexAnalyzer();
  const words = questionWords((text) => analyzer.analyze(text));
  const files = snapshotFiles(indexDirectory(folder), analyzer.fingerprint);
  const share = (base: IndexBase): void => tell(base);
  const indexes = tenantIndexes({ analyzer, files, onBase: share, most: mostIndexes });
  return {
    run: (calls, transfer) =>
      calls.map((call) => {
        const run = reads[call.name as keyof typeof reads] as (context: object, ...args: readonly unknown[]) => unknown;
        const context: ReadContext = { db, now: call.now, analyzer, words, indexes, files, share, transfer };
        // A copy is made outside a transaction: SQLite begins its own.
        if (call.name === "backup") return replyTo(call, () => run(context, ...call.args));
        return replyTo(call, () => db.transaction("read", () => run(context, ...call.args)));
      }),
    news: (news) => indexes.adopt(news as IndexBase),
    close: () => db.close(),
  };
}

const nothingYet = (): HybridRAGError =>
  new HybridRAGError("not_ready", "There is nothing in this data folder yet; ingest something first.");
