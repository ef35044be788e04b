import assert from "node:assert/strict";
import type { ApiKey } from "../../ports/key-store.ts";
import type { Scope } from "../../scope.ts";
import type { ContractCase } from "./case.ts";

const keyOf = ({ tenant }: Scope, more: Partial<ApiKey> = {}): ApiKey => ({
  key_id: crypto.randomUUID(),
  tenant,
  name: "a key",
  secret_hash: "5f".repeat(32),
  scopes: ["query", "ingest"],
  principals: ["ann", "team:x"],
  created_at: "2026-01-01T00:00:00.000Z",
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  ...more,
});

const at = "2026-02-01T00:00:00.000Z";

export const keyCases: readonly ContractCase[] = [
  {
    name: "a key is found by its id, whichever tenant it is of",
    async run({ store, tenant }) {
      const keys = [keyOf(tenant()), keyOf(tenant(), { principals: "all", scopes: ["admin"], expires_at: at })];
      for (const key of keys) await store.keys.put(key);
      for (const key of keys) assert.deepEqual(await store.keys.find(key.key_id), key);
      assert.equal(await store.keys.find("unknown"), null);
    },
  },
  {
    name: "a key put again is replaced",
    async run({ store, tenant }) {
      const scope = tenant();
      const key = keyOf(scope);
      await store.keys.put(key);
      await store.keys.put({ ...key, name: "another name" });
      assert.equal((await store.keys.find(key.key_id))?.name, "another name");
      assert.equal((await store.keys.list(scope)).length, 1);
    },
  },
  {
    name: "keys are listed for their tenant, revoked and expired ones too",
    async run({ store, tenant }) {
      const scope = tenant();
      const keys = [keyOf(scope), keyOf(scope, { revoked_at: at }), keyOf(scope, { expires_at: at })];
      for (const key of [...keys, keyOf(tenant())]) await store.keys.put(key);
      const listed = (await store.keys.list(scope)).map((key) => key.key_id);
      assert.deepEqual(listed.toSorted(), keys.map((key) => key.key_id).toSorted());
    },
  },
  {
    name: "a revoked key says so when it is found",
    async run({ store, tenant }) {
      const scope = tenant();
      const key = keyOf(scope);
      await store.keys.put(key);
      assert.equal(await store.keys.revoke(scope, key.key_id, at), true);
      assert.deepEqual(await store.keys.find(key.key_id), { ...key, revoked_at: at });
      assert.equal(await store.keys.revoke(scope, "unknown", at), false);
    },
  },
  {
    name: "the last use of a key is kept",
    async run({ store, tenant }) {
      const scope = tenant();
      const key = keyOf(scope);
      await store.keys.put(key);
      await store.keys.used(scope, key.key_id, at);
      await store.keys.used(tenant(), key.key_id, "2026-03-01T00:00:00.000Z");
      assert.deepEqual(await store.keys.find(key.key_id), { ...key, last_used_at: at });
    },
  },
];
