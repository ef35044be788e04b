import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest } from "./store.ts";

export type KeyScope = "query" | "ingest" | "admin";

/** An API key as it is stored: never the secret, only its HMAC. */
export interface ApiKey {
  readonly key_id: string;
  readonly tenant: string;
  readonly name: string;
  /** Hex HMAC-SHA-256 of the secret under the server's pepper. */
  readonly secret_hash: string;
  readonly scopes: readonly KeyScope[];
  readonly principals: readonly string[] | "all";
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

export interface KeyStore {
  put(key: ApiKey, options?: CallOptions): Promise<void>;
  /** By id over all tenants: this is how a credential finds its tenant. Revoked and expired keys are returned too. */
  find(keyId: string, options?: CallOptions): Promise<ApiKey | null>;
  list(scope: Scope, options?: CallOptions): Promise<readonly ApiKey[]>;
  revoke(scope: Scope, keyId: string, at: string, options?: CallOptions): Promise<boolean>;
  used(scope: Scope, keyId: string, at: string, options?: CallOptions): Promise<void>;
}

export interface AuditEntry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly request_id: string | null;
}

/** Who did what; never what a document says. */
export interface AuditLog {
  append(scope: Scope, entry: AuditEntry, options?: CallOptions): Promise<void>;
  /** Newest first. */
  list(scope: Scope, request: PageRequest, options?: CallOptions): Promise<Page<AuditEntry>>;
}
