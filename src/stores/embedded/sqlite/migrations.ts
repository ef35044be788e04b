import { HybridRAGError, isHybridRAGError } from "../../../errors.ts";
import type { Database } from "./database.ts";
import { m001 } from "./m001.ts";
import { m002 } from "./m002.ts";
import { m003 } from "./m003.ts";
import { m004 } from "./m004.ts";

/** In order; a migration that was released never changes. The file's `user_version` counts those that ran. */
const migrations: readonly string[] = [m001, m002, m003, m004];

export const formatVersion = migrations.length;

/**
 * Brings a file of any earlier version up to this one, each step in its own transaction.
 *
 * @throws HybridRAGError `data_newer` when a newer version of the program wrote the file.
 */
export function migrate(db: Database): void {
  const version = readFormatVersion(db);
  migrations.slice(version).forEach((sql, index) => {
    db.transaction("write", () => {
      db.execute(sql);
      db.execute(`PRAGMA user_version = ${version + index + 1}`);
    });
  });
}

/** @throws HybridRAGError `data_newer`. */
function readFormatVersion(db: Database): number {
  const version = db.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
  if (version <= formatVersion) return version;
  throw new HybridRAGError(
    "data_newer",
    `The data folder has format ${version}; this version reads up to ${formatVersion}. Update hybridrag to open it.`,
    { details: { found: version, supported: formatVersion } },
  );
}

const oldFormat = "old_format";

/** A reader changes nothing, so it cannot bring an older file up to date. */
export function refuseOldFormat(db: Database): void {
  const found = readFormatVersion(db);
  if (found === formatVersion) return;
  throw new HybridRAGError(
    "not_ready",
    `The data folder has format ${found}; open it once for writing to bring it to ${formatVersion}.`,
    { details: { reason: oldFormat, found, expected: formatVersion } },
  );
}

/** The file is of an earlier version, which a writer brings up to date. */
export const isOldFormat = (error: unknown): boolean =>
  isHybridRAGError(error) && error.details["reason"] === oldFormat;
