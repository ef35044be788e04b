import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";

/** The tenant's number; null when it has never written anything. */
export const tenantOf = (db: Database, scope: Scope): number | null =>
  db.get<{ tenant: number }>("SELECT tenant FROM tenants WHERE name = ?", scope.tenant)?.tenant ?? null;

export const ensureTenant = (db: Database, scope: Scope): number =>
  tenantOf(db, scope) ?? db.run("INSERT INTO tenants (name) VALUES (?)", scope.tenant).key;
