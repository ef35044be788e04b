import type { Database } from "../sqlite/database.ts";

/** The highest number that a row of a table was ever given; those of removed rows are not given again. */
export const lastNumber = (db: Database, table: "metadata" | "documents"): number =>
  db.get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = ?", table)?.seq ?? 0;
