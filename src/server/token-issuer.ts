import { z } from "zod";
import type { Config } from "../config/config.ts";
import { HybridRAGError } from "../errors.ts";
import type { TokenIssuer } from "./authenticate.ts";

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * The identity provider of the settings, or null. Its keys are where the discovery document says (OpenID Connect
 * Discovery 1.0, section 4), unless the settings name them.
 */
export async function tokenIssuer(config: Config, fetch: typeof globalThis.fetch): Promise<TokenIssuer | null> {
  const issuer = config.oidc_issuer;
  if (issuer === undefined) return null;
  return {
    issuer,
    audience: config.oidc_audience,
    jwksUri: config.oidc_jwks_uri ?? (await discover(issuer, fetch)),
    tenantClaim: config.oidc_tenant_claim,
    principalsClaim: config.oidc_principals_claim,
  };
}

async function discover(issuer: string, fetch: typeof globalThis.fetch): Promise<string> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    const found = discovery.parse(await response.json());
    if (found.issuer === issuer) return found.jwks_uri;
  } catch (error) {
    throw unusable(address, error);
  }
  throw unusable(address);
}

const unusable = (address: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    `${address} does not describe the identity provider HYBRIDRAG_OIDC_ISSUER; correct it, or set HYBRIDRAG_OIDC_JWKS_URI.`,
    { cause, details: { setting: "HYBRIDRAG_OIDC_ISSUER" } },
  );
