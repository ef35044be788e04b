import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { ApiKey, AuditLog, KeyStore } from "../../ports/key-store.ts";
import type { Secret } from "../../secret.ts";
import { createKey, shownKey } from "../api-key.ts";
import { ok, route, type Route } from "../route.ts";
import { pageOf, pageQuery } from "../schemas.ts";

const keyScope = z.enum(["query", "ingest", "admin"]);

const key = z.object({
  key_id: z.string(),
  tenant: z.string(),
  name: z.string(),
  scopes: z.array(keyScope),
  principals: z.union([z.literal("all"), z.array(z.string())]),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
});

const newKey = z.strictObject({
  name: z.string().min(1).max(200),
  scopes: z.array(keyScope).min(1).max(3).default(["query"]),
  principals: z
    .union([z.literal("all"), z.array(z.string().min(1).max(200)).max(100)])
    .default("all")
    .describe('Names that access lists may have; "all" reads everything of the tenant.'),
  expires_at: z.iso.datetime({ offset: true }).nullish(),
});

const entry = z.object({
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  outcome: z.string(),
  request_id: z.string().nullable(),
});

export interface KeyRouteParts {
  readonly keys: KeyStore;
  readonly audit: AuditLog;
  readonly pepper: Secret | null;
  readonly now: () => number;
}

/** Keys of the caller's own tenant. To rotate one: make another, use it, revoke the first. */
export function keyRoutes({ keys, audit, pepper, now }: KeyRouteParts): readonly Route[] {
  const tag = "keys";
  return [
    route({
      method: "get",
      path: "/v1/keys",
      summary: "API keys of the tenant",
      tag,
      needs: "admin",
      responses: { 200: z.object({ keys: z.array(key) }) },
      handle: async ({ principal, signal }) =>
        ok({ keys: (await keys.list(principal.scope, { signal })).map((record: ApiKey) => shownKey(record)) }),
    }),
    route({
      method: "post",
      path: "/v1/keys",
      summary: "Makes an API key; it is shown this once",
      tag,
      needs: "admin",
      body: newKey,
      responses: { 201: key.extend({ key: z.string() }) },
      handle: async ({ principal, body, signal }) => {
        if (pepper === null) throw new HybridRAGError("forbidden", "Without HYBRIDRAG_KEY_PEPPER there are no keys.");
        const wanted = { ...body, expires_at: body.expires_at ?? null, tenant: principal.scope.tenant };
        const made = createKey(wanted, pepper, new Date(now()));
        await keys.put(made.record, { signal });
        return ok({ ...shownKey(made.record), key: made.key }, 201, { "cache-control": "no-store" });
      },
    }),
    route({
      method: "delete",
      path: "/v1/keys/{key_id}",
      summary: "Revokes an API key",
      tag,
      needs: "admin",
      params: z.strictObject({ key_id: z.string().min(1).max(100) }),
      responses: { 204: null },
      handle: async ({ principal, params: { key_id }, signal }) => {
        if (await keys.revoke(principal.scope, key_id, new Date(now()).toISOString(), { signal })) {
          return ok(undefined, 204);
        }
        throw new HybridRAGError("not_found", "There is no such key, or it is revoked.");
      },
    }),
    route({
      method: "get",
      path: "/v1/audit",
      summary: "Who did what, newest first",
      tag,
      needs: "admin",
      query: pageQuery,
      responses: { 200: pageOf("entries", entry) },
      handle: async ({ principal, query: { limit, cursor }, signal }) => {
        const page = await audit.list(principal.scope, { limit, cursor: cursor ?? null }, { signal });
        return ok({ entries: page.items, next: page.next });
      },
    }),
  ];
}
