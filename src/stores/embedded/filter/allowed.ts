import type { Filter } from "../../../filter/filter.ts";
import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import { all, intersect, type Allowed } from "./allowed-set.ts";
import { rowsThatMatch } from "./evaluate-filter.ts";
import { lastNumber } from "./last-number.ts";
import { readableRows } from "./readable-rows.ts";
import { rememberedRows } from "./remembered-rows.ts";

export { rowTest, type Allowed, type RowTest } from "./allowed-set.ts";

/** Exactly `matches(filter)` and `mayRead(scope)` for every row of the tenant, as this transaction sees them. */
export function allowedRows(db: Database, tenant: number, scope: Scope, filter: Filter | null): Allowed {
  // What a connection that writes has read may be undone, and its numbers given again.
  return db.isReadOnly ? db.kept(rememberedRows)(db, tenant, scope, filter) : foundRows(db, tenant, scope, filter);
}

function foundRows(db: Database, tenant: number, scope: Scope, filter: Filter | null): Allowed {
  const matching = filter === null ? all : rowsThatMatch(db, tenant, filter);
  if (scope.principals === "all") return matching;
  const { bits } = readableRows(db, tenant, scope, lastNumber(db, "metadata"));
  return intersect([{ of: "metadata", bits }, matching]);
}
