import { mkdirSync } from "node:fs";
import { HybridRAGError } from "../../../errors.ts";
import { homeOf } from "../generations.ts";
import { openDatabase, type Database } from "../sqlite/database.ts";
import { migrate } from "../sqlite/migrations.ts";
import { acquireWriterLock } from "../sqlite/writer-lock.ts";
import type { CallMessage, ReplyMessage } from "./messages.ts";
import { writes } from "./operations.ts";
import { failure, replyTo, type WorkerBody } from "./serve-calls.ts";
import { databasePath, type WorkerSettings } from "./worker-settings.ts";

/** How often the lock's note is renewed: several times before it counts as stale. */
const beatEveryMs = 5000;

/** @throws HybridRAGError `data_locked`, `data_newer`, `data_damaged` or `store_failed`. */
export function openWriter({ directory, durability, now }: WorkerSettings): WorkerBody {
  mkdirSync(directory, { recursive: true });
  const lock = acquireWriterLock(directory, now);
  const db = openedOrReleased();
  const startedAt = performance.now();
  const heart = setInterval(() => lock.beat(now + performance.now() - startedAt), beatEveryMs);
  heart.unref();

  function openedOrReleased(): Database {
    try {
      const opened = openDatabase({ path: databasePath(homeOf(directory)), readOnly: false, durability });
      migrate(opened);
      return opened;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  return {
    run: (calls) => runTogether(db, calls),
    news: () => undefined,
    close: () => {
      clearInterval(heart);
      db.close();
      lock.release();
    },
  };
}

/**
 * Commits calls that waited together at once: a commit costs more than most writes. Each is undone alone when it
 * fails; when the commit itself fails, each has its own try.
 */
export function runTogether(db: Database, calls: readonly CallMessage[]): readonly ReplyMessage[] {
  try {
    return db.transaction("write", () => calls.map((call) => runPart(db, call)));
  } catch (error) {
    if (calls.length > 1) return calls.flatMap((call) => runTogether(db, [call]));
    return calls.map((call) => failure(call, error));
  }
}

function runPart(db: Database, call: CallMessage): ReplyMessage {
  const run = writes[call.name as keyof typeof writes] as (context: object, ...args: readonly unknown[]) => unknown;
  const reply = replyTo(call, () => db.savepoint(() => run({ db, now: call.now }, ...call.args)));
  // A full disk can undo the whole transaction: what came before in it must not be acknowledged.
  if (!reply.ok && !db.isInTransaction()) throw HybridRAGError.fromJSON(reply.error);
  return reply;
}
