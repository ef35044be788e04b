import type { Metadata } from "./records.ts";

/**
 * Who asks. The tenant comes from the credential, never from a request; `principals` are the names that an access
 * list may hold, or "all" for the owner of the data, who reads everything of the tenant.
 */
export interface Scope {
  readonly tenant: string;
  readonly principals: readonly string[] | "all";
}

/** The scope of a program that works on its own data. */
export const ownerScope = (tenant: string): Scope => ({ tenant, principals: "all" });

/** The reference for access lists: no list admits the whole tenant, an empty list admits only the owner. */
export function mayRead(scope: Scope, metadata: Metadata): boolean {
  if (scope.principals === "all") return true;
  const access = metadata["access"];
  if (access === undefined || access === null) return true;
  if (!Array.isArray(access)) return false;
  return access.some((principal) => typeof principal === "string" && scope.principals.includes(principal));
}
