import { HybridRAGError } from "../../../errors.ts";
import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import type { CallContext } from "../workers/context.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

interface Entry {
  readonly value: string;
}

const json = (value: unknown): string => JSON.stringify(value) ?? "null";

/** The stored text of a live entry. */
function find({ db, now }: CallContext, scope: Scope, space: string, key: string): string | null {
  const row = db.get<Entry>(
    "SELECT value FROM caches WHERE tenant = ? AND space = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)",
    tenantOf(db, scope),
    space,
    key,
    now,
  );
  return row?.value ?? null;
}

export function getCached(context: CallContext, scope: Scope, space: string, key: string): unknown {
  const value = find(context, scope, space, key);
  return value === null ? null : JSON.parse(value);
}

export function setCached(
  { db, now }: CallContext,
  scope: Scope,
  space: string,
  key: string,
  value: unknown,
  ttlMs: number | null,
): void {
  const tenant = ensureTenant(db, scope);
  write(db, { tenant, space, key, value, expiresAt: ttlMs === null ? null : now + ttlMs });
}

export interface Claim {
  readonly claimed: boolean;
  readonly value: unknown;
}

export function claimCached(
  context: CallContext,
  scope: Scope,
  space: string,
  key: string,
  value: unknown,
  ttlMs: number,
): Claim {
  const standing = find(context, scope, space, key);
  if (standing !== null) return { claimed: false, value: JSON.parse(standing) };
  setCached(context, scope, space, key, value, ttlMs);
  return { claimed: true, value };
}

/** A standing number keeps the time to live that it began with. */
export function incrementCached(
  context: CallContext,
  scope: Scope,
  space: string,
  key: string,
  by: number,
  ttlMs: number,
): number {
  const standing = find(context, scope, space, key);
  if (standing === null) {
    setCached(context, scope, space, key, by, ttlMs);
    return by;
  }
  const before: unknown = JSON.parse(standing);
  if (typeof before !== "number") {
    throw new HybridRAGError("invalid_input", "Only a number can be incremented; this key holds something else.");
  }
  context.db.run(
    "UPDATE caches SET value = ? WHERE tenant = ? AND space = ? AND key = ?",
    json(before + by),
    tenantOf(context.db, scope),
    space,
    key,
  );
  return before + by;
}

export function deleteCached(context: CallContext, scope: Scope, space: string, key: string): boolean {
  const isLive = find(context, scope, space, key) !== null;
  context.db.run(
    "DELETE FROM caches WHERE tenant = ? AND space = ? AND key = ?",
    tenantOf(context.db, scope),
    space,
    key,
  );
  return isLive;
}

export function sweepCaches({ db, now }: CallContext): void {
  db.run("DELETE FROM caches WHERE expires_at <= ?", now);
}

interface Write {
  readonly tenant: number;
  readonly space: string;
  readonly key: string;
  readonly value: unknown;
  readonly expiresAt: number | null;
}

function write(db: Database, { tenant, space, key, value, expiresAt }: Write): void {
  db.run("INSERT OR REPLACE INTO caches VALUES (?, ?, ?, ?, ?)", tenant, space, key, json(value), expiresAt);
}
