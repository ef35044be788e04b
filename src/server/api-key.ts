import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { HybridRAGError } from "../errors.ts";
import type { ApiKey, AuditLog, KeyScope, KeyStore } from "../ports/key-store.ts";
import type { Scope } from "../scope.ts";
import type { Secret } from "../secret.ts";

/** `hrk_ID_SECRET`: the id finds the record, the 256-bit secret proves the right to it. */
const keyPattern = /^hrk_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

/** Who a request speaks for, and what it may do. */
export interface Principal {
  readonly actor: string;
  readonly scope: Scope;
  readonly scopes: readonly KeyScope[];
}

export interface NewKey {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly principals: readonly string[] | "all";
  readonly expires_at: string | null;
}

/**
 * A fast keyed hash is right here: the secret has 256 bits of randomness, so nobody guesses it, and a slow hash at
 * every request would be a way to overload the server.
 */
const hashOf = (secret: string, pepper: Secret): string =>
  createHmac("sha256", pepper.reveal()).update(secret).digest("hex");

/** @throws HybridRAGError `invalid_config` when the pepper is missing or short. */
export function requirePepper(pepper: Secret | null): Secret {
  if (pepper !== null && pepper.reveal().length >= 32) return pepper;
  throw new HybridRAGError(
    "invalid_config",
    "API keys need HYBRIDRAG_KEY_PEPPER: at least 32 random characters, the same on every server and kept for good. " +
      "To try the service on this machine without keys: hybridrag serve --dev.",
    { details: { setting: "HYBRIDRAG_KEY_PEPPER" } },
  );
}

/** @returns the key as shown once to its owner, and the record that is stored. */
export function createKey(
  wanted: NewKey,
  pepper: Secret,
  now: Date,
): { readonly key: string; readonly record: ApiKey } {
  const keyId = randomBytes(24).toString("base64url").replaceAll(/[-_]/g, "").padEnd(12, "0").slice(0, 12);
  const secret = randomBytes(32).toString("base64url");
  const record: ApiKey = {
    ...wanted,
    key_id: keyId,
    secret_hash: hashOf(secret, pepper),
    created_at: now.toISOString(),
    revoked_at: null,
    last_used_at: null,
  };
  return { key: `hrk_${keyId}_${secret}`, record };
}

/** A key without what it is checked by. */
export function shownKey(key: ApiKey): Omit<ApiKey, "secret_hash"> {
  const { secret_hash: _, ...shown } = key;
  return shown;
}

/** @throws HybridRAGError `unauthorized`, with the same words whatever is wrong. */
export async function verifyKey(
  key: string,
  { keys: store, audit }: { readonly keys: KeyStore; readonly audit: AuditLog },
  pepper: Secret,
  now: Date,
): Promise<Principal> {
  const refuse = (): never => {
    throw new HybridRAGError("unauthorized", "The API key is missing, unknown, expired or revoked.");
  };
  const [, keyId, secret] = keyPattern.exec(key) ?? refuse();
  const record = await store.find(keyId!);
  const expected = Buffer.from(record?.secret_hash ?? hashOf("", pepper), "hex");
  const given = Buffer.from(hashOf(secret!, pepper), "hex");
  const equal = expected.length === given.length && timingSafeEqual(expected, given);
  if (!record || !equal || record.revoked_at !== null) return refuse();
  if (record.expires_at !== null && Date.parse(record.expires_at) <= now.getTime()) return refuse();
  noteUse(store, audit, record, now);
  return {
    actor: `key:${record.key_id}`,
    scope: {
      tenant: record.tenant,
      principals: record.principals === "all" ? "all" : [`key:${record.key_id}`, ...record.principals],
    },
    scopes: record.scopes,
  };
}

/**
 * Once a minute is enough to find keys that nobody uses, once an hour for the audit log; no request waits for it or
 * fails with it.
 */
function noteUse(store: KeyStore, audit: AuditLog, { tenant, key_id, last_used_at }: ApiKey, now: Date): void {
  if (last_used_at !== null && now.getTime() - Date.parse(last_used_at) < minuteMs) return;
  const scope: Scope = { tenant, principals: "all" };
  const at = now.toISOString();
  store.used(scope, key_id, at).catch(() => undefined);
  // The hour of the clock, as in 2026-01-31T09.
  if (at.slice(0, 13) === last_used_at?.slice(0, 13)) return;
  const entry = {
    at,
    actor: `key:${key_id}`,
    action: "use key",
    target: key_id,
    outcome: "accepted",
    request_id: null,
  };
  audit.append(scope, entry).catch(() => undefined);
}

const minuteMs = 60_000;

export function requireScope(principal: Principal, needed: KeyScope): void {
  if (principal.scopes.includes(needed) || principal.scopes.includes("admin")) return;
  throw new HybridRAGError("forbidden", `This credential lacks the scope "${needed}".`, { details: { scope: needed } });
}
