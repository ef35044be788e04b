import { statSync } from "node:fs";
import type { StoreHealth } from "../../../ports/store.ts";
import { formatVersion } from "../sqlite/migrations.ts";
import type { ReadContext } from "../workers/context.ts";
import { readIdentity } from "./identity.ts";
import { countAllSessions } from "./sessions.ts";

export function readHealth({ db, now }: ReadContext): StoreHealth {
  const count = (table: string): number => db.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)!.rows;
  const jobs = (state: string): number =>
    db.get<{ rows: number }>("SELECT count(*) AS rows FROM jobs WHERE state = ?", state)!.rows;
  return {
    ready: true,
    identity: readIdentity(db),
    documents: count("documents"),
    chunks: count("chunks"),
    sessions: countAllSessions({ db, now }),
    behind: 0,
    warnings: [],
    details: {
      sqlite: process.versions["sqlite"] ?? null,
      format: formatVersion,
      file_bytes: sizeOf(db.path),
      log_bytes: sizeOf(`${db.path}-wal`),
      jobs_queued: jobs("queued"),
      jobs_running: jobs("running"),
    },
  };
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
