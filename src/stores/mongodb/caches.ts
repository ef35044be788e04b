import { HybridRAGError } from "../../errors.ts";
import type { CacheStore } from "../../ports/cache-store.ts";
import type { Scope } from "../../scope.ts";
import { call, rows, type Context, type Row } from "./context.ts";
import { collections } from "./names.ts";
import { identifierOf } from "./stored-metadata.ts";
import { isDuplicateKey } from "./translate-error.ts";

/** Small values shared by all servers. A number is kept as one, so that it can be added to; all else is JSON. */
export function mongoCaches(context: Context): CacheStore {
  const caches = () => rows(context, collections.caches);
  const live = (scope: Scope, space: string, key: string) => ({
    _id: identifierOf(scope.tenant, space, key),
    $or: [{ expires_at: null }, { expires_at: { $gt: new Date(context.now()) } }],
  });
  const expired = (scope: Scope, space: string, key: string) => ({
    _id: identifierOf(scope.tenant, space, key),
    expires_at: { $ne: null, $lte: new Date(context.now()) },
  });
  const fields = (scope: Scope, space: string, key: string, value: unknown, ttlMs: number | null) => ({
    tenant_id: scope.tenant,
    space,
    key,
    ...stored(value),
    expires_at: ttlMs === null ? null : new Date(context.now() + ttlMs),
  });
  /** Writes where nothing or something expired stands; false when a live value stands. */
  const claim = async (scope: Scope, space: string, key: string, value: unknown, ttlMs: number): Promise<boolean> => {
    const made = fields(scope, space, key, value, ttlMs);
    try {
      await caches().replaceOne(expired(scope, space, key), made, { upsert: true });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  };
  return {
    get: (scope, space, key, options) =>
      call(context, options, async () => {
        const found = await caches().findOne(live(scope, space, key));
        return found ? valueOf(found) : null;
      }),
    set: (scope, space, key, value, ttlMs, options) =>
      call(context, options, async () => {
        const _id = identifierOf(scope.tenant, space, key);
        await caches().replaceOne({ _id }, fields(scope, space, key, value, ttlMs), { upsert: true });
      }),
    claim: (scope, space, key, value, ttlMs, options) =>
      call(context, options, async () => {
        for (;;) {
          if (await claim(scope, space, key, value, ttlMs)) return { claimed: true, value };
          const standing = await caches().findOne(live(scope, space, key));
          if (standing) return { claimed: false, value: valueOf(standing) };
        }
      }),
    increment: (scope, space, key, by, ttlMs, options) =>
      call(context, options, async () => {
        for (;;) {
          const added = await caches().findOneAndUpdate(
            { ...live(scope, space, key), number: { $type: "number" } },
            { $inc: { number: by } },
            { returnDocument: "after" },
          );
          if (added) return Number(added["number"]);
          if (await claim(scope, space, key, by, ttlMs)) return by;
          const standing = await caches().findOne(live(scope, space, key));
          if (standing && standing["json"] !== null) {
            throw new HybridRAGError(
              "invalid_input",
              "Only a number can be incremented; this key holds something else.",
            );
          }
        }
      }),
    delete: (scope, space, key, options) =>
      call(context, options, async () => (await caches().deleteOne(live(scope, space, key))).deletedCount === 1),
  };
}

const stored = (value: unknown): { readonly number: number | null; readonly json: string | null } =>
  typeof value === "number" ? { number: value, json: null } : { number: null, json: JSON.stringify(value ?? null) };

const valueOf = (row: Row): unknown =>
  row["json"] === null ? (row["number"] as unknown) : (JSON.parse(String(row["json"])) as unknown);
