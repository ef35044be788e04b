import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";
import { HybridRAGError } from "../errors.ts";
import type { AuditLog, KeyScope, KeyStore } from "../ports/key-store.ts";
import { ownerScope } from "../scope.ts";
import type { Secret } from "../secret.ts";
import { verifyKey, type Principal } from "./api-key.ts";

/** Finds out who a request speaks for, from its Authorization header alone. */
export type Authenticator = (authorization: string | undefined) => Promise<Principal>;

/** Local development: everyone is the owner. The service binds to loopback only while this is in use. */
export const developmentAuthenticator = (tenant: string): Authenticator => {
  const principal: Principal = {
    actor: "development",
    scope: ownerScope(tenant),
    scopes: ["admin", "ingest", "query"],
  };
  return async () => principal;
};

export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** Claim that holds the tenant; a token without it is refused. */
  readonly tenantClaim: string;
  /** Claim that holds the names that access lists may have. */
  readonly principalsClaim: string;
}

export interface AuthenticatorParts {
  readonly keys: KeyStore;
  readonly audit: AuditLog;
  readonly pepper: Secret;
  readonly issuer: TokenIssuer | null;
  readonly now: () => number;
}

/** API keys (`hrk_…`) and, where an issuer is set, tokens of an identity provider (OIDC). */
export function authenticator({ keys, audit, pepper, issuer, now }: AuthenticatorParts): Authenticator {
  const verifyToken = issuer ? tokenVerifier(issuer) : null;
  return async (authorization) => {
    const credential = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
    if (credential === undefined) throw unauthorized();
    if (credential.startsWith("hrk_")) return verifyKey(credential, { keys, audit }, pepper, new Date(now()));
    if (verifyToken) return verifyToken(credential);
    throw unauthorized();
  };
}

const unauthorized = (cause?: unknown): HybridRAGError =>
  new HybridRAGError("unauthorized", "The credential is missing, unknown, expired or revoked.", { cause });

/** Key sets are fetched when needed and rotated by `jose`; only asymmetric algorithms, so no shared secret can forge. */
function tokenVerifier(issuer: TokenIssuer): (token: string) => Promise<Principal> {
  const keySet = createRemoteJWKSet(new URL(issuer.jwksUri), { timeoutDuration: 5000 });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
        requiredClaims: ["exp", "sub"],
      });
      return principalOf(payload, issuer);
    } catch (error) {
      if (isAboutKeySet(error)) {
        throw new HybridRAGError("provider_failed", "The identity provider does not give its keys; try again.", {
          cause: error,
        });
      }
      throw error instanceof HybridRAGError ? error : unauthorized(error);
    }
  };
}

/** The keys could not be fetched: no connection, no answer in time, no key set. That is not the caller's fault. */
const isAboutKeySet = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  (error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC") ||
  (error instanceof TypeError && error.cause !== undefined);

const keyScopes: readonly KeyScope[] = ["query", "ingest", "admin"];

function principalOf(payload: JWTPayload, issuer: TokenIssuer): Principal {
  const tenant = payload[issuer.tenantClaim];
  if (typeof tenant !== "string" || !/^[A-Za-z0-9_.-]{1,100}$/.test(tenant)) throw unauthorized();
  const names = payload[issuer.principalsClaim];
  const principals = Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
  const granted = new Set(String(payload["scope"] ?? "").split(" "));
  return {
    actor: `token:${payload.sub}`,
    scope: { tenant, principals: [`user:${payload.sub}`, ...principals] },
    scopes: keyScopes.filter((scope) => granted.has(scope) || granted.has(`hybridrag:${scope}`)),
  };
}
