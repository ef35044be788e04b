import assert from "node:assert/strict";
import type { CallOptions, Store } from "../../ports/store.ts";
import type { Scope } from "../../scope.ts";
import type { ContractCase } from "./case.ts";
import { versionOf } from "./examples.ts";
import { plainSearch } from "./snapshot.ts";

const parts = Array.from({ length: 40 }, (_, index) => `walrus part ${index}`);

/** Calls of every port: what is cancelled before it begins must not happen. */
const calls = (store: Store, scope: Scope): Readonly<Record<string, (options: CallOptions) => Promise<unknown>>> => ({
  put: (options) => store.documents.put(scope, versionOf({ id: "new", parts }), options),
  delete: (options) => store.documents.delete(scope, "kept", options),
  get: (options) => store.documents.get(scope, "kept", options),
  text: (options) => store.documents.text(scope, "kept", options),
  list: (options) => store.documents.list(scope, { limit: 5 }, options),
  chunks: (options) => store.chunks.get(scope, ["kept:0"], options),
  search: (options) => store.chunks.search(scope, { ...plainSearch, text: { query: "walrus" } }, options),
  entities: (options) => store.graph.entities(scope, ["walrus"], options),
  open: (options) => store.sessions.open(scope, { sessionId: "new", ttlMs: 1000 }, options),
  append: (options) => store.sessions.append(scope, "kept", [{ role: "user", content: "new" }], options),
  "session delete": (options) => store.sessions.delete(scope, "kept", options),
  memory: (options) =>
    store.memories.put(
      scope,
      { memory_id: "new", agent_id: "a", type: "t", content: "c", importance: 1, metadata: {}, vector: null },
      options,
    ),
  job: (options) => store.jobs.create(scope, { jobId: "new", kind: "abort", input: null }, options),
  claim: (options) => store.jobs.claim({ owner: "w", kinds: ["abort"], leaseMs: 1000 }, options),
  cache: (options) => store.caches.set(scope, "space", "kept", "new", null, options),
  increment: (options) => store.caches.increment(scope, "space", "count", 1, 1000, options),
  keys: (options) => store.keys.list(scope, options),
  audit: (options) =>
    store.audit.append(
      scope,
      { at: "2026-01-01T00:00:00Z", actor: "a", action: "b", target: "c", outcome: "d", request_id: null },
      options,
    ),
});

async function putKept(store: Store, scope: Scope): Promise<void> {
  await store.documents.put(scope, versionOf({ id: "kept", parts: ["walrus"] }));
  await store.sessions.open(scope, { sessionId: "kept", ttlMs: 1e9 });
  await store.caches.set(scope, "space", "kept", "old", null);
}

export const abortCases: readonly ContractCase[] = [
  {
    name: "a call that is cancelled before it begins rejects with the reason and does nothing",
    async run({ store, tenant }) {
      const scope = tenant();
      await putKept(store, scope);
      for (const [name, call] of Object.entries(calls(store, scope))) {
        const reason = new Error(`cancelled ${name}`);
        const given = await call({ signal: AbortSignal.abort(reason) }).then(
          () => "it resolved",
          (error: unknown) => error,
        );
        assert.equal(given, reason, name);
      }
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 1 });
      assert.equal(await store.sessions.count(scope), 1);
      assert.deepEqual(await store.sessions.messages(scope, "kept", {}), []);
      assert.equal(await store.memories.count(scope, "a"), 0);
      assert.equal(await store.jobs.get(scope, "new"), null);
      assert.equal(await store.caches.get(scope, "space", "kept"), "old");
      assert.equal(await store.caches.get(scope, "space", "count"), null);
      assert.deepEqual((await store.audit.list(scope, { limit: 5 })).items, []);
    },
  },
  {
    name: "a call cancelled midway ends with the reason or with its result, never otherwise",
    async run({ store, tenant }) {
      const scope = tenant();
      await putKept(store, scope);
      for (const [name, call] of Object.entries(calls(store, scope))) {
        const reason = new Error(`cancelled ${name}`);
        const controller = new AbortController();
        const pending = call({ signal: controller.signal }).catch((error: unknown) => assert.equal(error, reason));
        controller.abort(reason);
        await pending;
      }
    },
  },
  {
    name: "a put cancelled at any moment leaves the whole version or none of it",
    async run({ store, tenant }) {
      const scope = tenant();
      for (let round = 0; round < 12; round++) {
        const id = `d${round}`;
        const reason = new Error("cancelled");
        const controller = new AbortController();
        const put = store.documents.put(scope, versionOf({ id, parts }), { signal: controller.signal }).then(
          () => "put",
          (error: unknown) => assert.equal(error, reason),
        );
        for (let turn = 0; turn < round; turn++) await store.documents.get(scope, id);
        controller.abort(reason);
        const outcome = await put;
        const document = await store.documents.get(scope, id);
        if (outcome === "put") assert.ok(document);
        assert.equal((await store.chunks.ofDocument(scope, id)).length, document ? parts.length : 0);
        assert.equal((await store.documents.text(scope, id)) !== null, document !== null);
      }
    },
  },
  {
    name: "a signal that fires after a call has ended changes nothing",
    async run({ store, tenant }) {
      const scope = tenant();
      const controller = new AbortController();
      const options = { signal: controller.signal };
      await store.documents.put(scope, versionOf({ id: "a", parts }), options);
      await store.documents.get(scope, "a", options);
      controller.abort(new Error("late"));
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: parts.length });
    },
  },
];
