import type { ApiKey, AuditEntry, AuditLog, KeyStore } from "../../ports/key-store.ts";
import type { Scope } from "../../scope.ts";
import { call, rows, type Context, type Row } from "./context.ts";
import { collections } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { nextSequence } from "./sequences.ts";

export function mongoKeys(context: Context): KeyStore {
  const keys = () => rows(context, collections.keys);
  const own = (scope: Scope, keyId: string) => ({ _id: keyId, "key.tenant": scope.tenant });
  return {
    put: (key, options) =>
      call(context, options, async () => {
        const row = { tenant_id: key.tenant, created_at: key.created_at, key: structuredClone(key) };
        await keys().replaceOne({ _id: key.key_id }, row, { upsert: true });
      }),
    find: (keyId, options) =>
      call(context, options, async () => {
        const found = await keys().findOne({ _id: keyId });
        return found && keyOf(found);
      }),
    list: (scope, options) =>
      call(context, options, async (signal) => {
        const cursor = keys().find({ tenant_id: scope.tenant }, { signal });
        return (await cursor.sort({ created_at: 1, _id: 1 }).toArray()).map(keyOf);
      }),
    revoke: (scope, keyId, at, options) =>
      call(context, options, async () => {
        const standing = { ...own(scope, keyId), "key.revoked_at": null };
        return (await keys().updateOne(standing, { $set: { "key.revoked_at": at } })).matchedCount === 1;
      }),
    used: (scope, keyId, at, options) =>
      call(context, options, async () => {
        await keys().updateOne(own(scope, keyId), { $set: { "key.last_used_at": at } });
      }),
  };
}

const keyOf = (row: Row): ApiKey => row["key"] as ApiKey;

export function mongoAudit(context: Context): AuditLog {
  const audit = () => rows(context, collections.audit);
  return {
    append: (scope, entry, options) =>
      call(context, options, async (signal) => {
        const sequence = await nextSequence(context, "audit");
        signal?.throwIfAborted();
        await audit().insertOne({
          _id: `${sequence}`,
          tenant_id: scope.tenant,
          sequence,
          entry: structuredClone(entry),
        });
      }),
    list: (scope, request, options) =>
      call(context, options, async (signal) => {
        const after = readCursor(request, "audit", 1);
        const found = await audit()
          .find(
            { tenant_id: scope.tenant, ...(after === null ? {} : { sequence: { $lt: Number(after[0]) } }) },
            { signal },
          )
          .sort({ sequence: -1 })
          .limit(request.limit + 1)
          .toArray();
        return pageOf(
          found,
          request,
          "audit",
          (row) => [Number(row["sequence"])],
          (row) => row["entry"] as AuditEntry,
        );
      }),
  };
}
