import type { ApiKey, AuditEntry } from "../../../ports/key-store.ts";
import type { Page, PageRequest } from "../../../ports/store.ts";
import { ownerScope, type Scope } from "../../../scope.ts";
import type { CallContext } from "../workers/context.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

interface KeyRow extends Omit<ApiKey, "scopes" | "principals" | "tenant"> {
  readonly tenant: string;
  readonly scopes: string;
  readonly principals: string;
}

const columns =
  "k.key_id, t.name AS tenant, k.name, k.secret_hash, k.scopes, k.principals, k.created_at, k.expires_at, " +
  "k.revoked_at, k.last_used_at";
const tables = "api_keys k JOIN tenants t USING (tenant)";

const toKey = (row: KeyRow): ApiKey => ({
  ...row,
  scopes: JSON.parse(row.scopes) as ApiKey["scopes"],
  principals: JSON.parse(row.principals) as ApiKey["principals"],
});

export function putKey({ db }: CallContext, key: ApiKey): void {
  db.run(
    "INSERT OR REPLACE INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    key.key_id,
    ensureTenant(db, ownerScope(key.tenant)),
    key.name,
    key.secret_hash,
    JSON.stringify(key.scopes),
    JSON.stringify(key.principals),
    key.created_at,
    key.expires_at,
    key.revoked_at,
    key.last_used_at,
  );
}

export function findKey({ db }: CallContext, keyId: string): ApiKey | null {
  const row = db.get<KeyRow>(`SELECT ${columns} FROM ${tables} WHERE k.key_id = ?`, keyId);
  return row ? toKey(row) : null;
}

export const listKeys = ({ db }: CallContext, scope: Scope): readonly ApiKey[] =>
  db
    .all<KeyRow>(`SELECT ${columns} FROM ${tables} WHERE t.name = ? ORDER BY k.created_at, k.key_id`, scope.tenant)
    .map(toKey);

export const revokeKey = ({ db }: CallContext, scope: Scope, keyId: string, at: string): boolean =>
  db.run(
    "UPDATE api_keys SET revoked_at = ? WHERE key_id = ? AND tenant = ? AND revoked_at IS NULL",
    at,
    keyId,
    tenantOf(db, scope),
  ).changes > 0;

export function useKey({ db }: CallContext, scope: Scope, keyId: string, at: string): void {
  db.run("UPDATE api_keys SET last_used_at = ? WHERE key_id = ? AND tenant = ?", at, keyId, tenantOf(db, scope));
}

export function appendAudit({ db }: CallContext, scope: Scope, entry: AuditEntry): void {
  db.run(
    "INSERT INTO audit_log (tenant, at, actor, action, target, outcome, request_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ensureTenant(db, scope),
    entry.at,
    entry.actor,
    entry.action,
    entry.target,
    entry.outcome,
    entry.request_id,
  );
}

/** In the order in which entries were accepted, newest first. */
export function listAudit({ db }: CallContext, scope: Scope, request: PageRequest): Page<AuditEntry> {
  const limit = checkedLimit(request.limit);
  const [before] = decodeCursor<[number]>(request.cursor, ["number"]) ?? [Number.MAX_SAFE_INTEGER];
  const rows = db.all<AuditEntry & { readonly number: number }>(
    `SELECT number, at, actor, action, target, outcome, request_id FROM audit_log
     WHERE tenant = ? AND number < ? ORDER BY number DESC LIMIT ?`,
    tenantOf(db, scope),
    before,
    limit + 1,
  );
  return pageOf(
    rows,
    limit,
    ({ number: _number, ...entry }) => entry,
    (row) => [row.number],
  );
}
