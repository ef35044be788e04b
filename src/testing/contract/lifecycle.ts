import assert from "node:assert/strict";
import { isHybridRAGError } from "../../errors.ts";
import { contractIdentity, type ContractCase } from "./case.ts";
import { chunkId, mention, versionOf } from "./examples.ts";
import { assertClose, rejectsWith } from "./expect.ts";
import { snapshot } from "./snapshot.ts";

export const lifecycleCases: readonly ContractCase[] = [
  {
    name: "an index is prepared for one embedder and chunker, and refuses others once it holds documents",
    async run({ fresh }) {
      const { store, tenant } = await fresh();
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["one"] }));
      await store.prepare(contractIdentity);
      const others = [{ embedder: "other" }, { dimensions: 9 }, { chunker: "other" }];
      for (const other of others) {
        const refused = store.prepare({ ...contractIdentity, ...other });
        await assert.rejects(refused, (error) => {
          assert.ok(isHybridRAGError(error));
          assert.equal(error.code, "index_mismatch");
          assert.match(error.message, /contract/);
          assert.match(error.message, /other|9/);
          return true;
        });
      }
      assert.deepEqual((await store.health()).identity, contractIdentity);
      await store.documents.put(scope, versionOf({ id: "b", parts: ["two"] }));
    },
  },
  {
    name: "health counts documents and live sessions of all tenants and knows what the index is for",
    async run({ fresh }) {
      const { store, tenant } = await fresh();
      const empty = await store.health();
      assert.deepEqual([empty.ready, empty.documents, empty.chunks, empty.sessions], [true, 0, 0, 0]);
      const [one, other] = [tenant(), tenant()];
      await store.documents.put(one, versionOf({ id: "a", parts: ["one", "two"] }));
      await store.documents.put(other, versionOf({ id: "a", parts: ["one"] }));
      for (const scope of [one, other]) await store.sessions.open(scope, { sessionId: "s", ttlMs: 60_000 });
      await store.settle();
      const { ready, documents, chunks, sessions, behind, identity } = await store.health();
      assert.deepEqual([ready, documents, chunks, sessions, behind, identity], [true, 2, 3, 2, 0, contractIdentity]);
    },
  },
  {
    name: "a search sees every write that was settled before it",
    needs: "search",
    async run({ store, tenant }) {
      const scope = tenant();
      for (let index = 0; index < 10; index++) {
        await store.documents.put(scope, versionOf({ id: `d${index}`, parts: ["walrus"] }));
        if (!store.capabilities().readYourWrites) await store.settle();
        const request = { vector: null, text: { query: "walrus" }, filter: null, candidates: 50 };
        assert.equal((await store.chunks.search(scope, request)).candidates.length, index + 1);
      }
    },
  },
  {
    name: "a closed store refuses every call with a typed error, closes twice, and still tells its health",
    async run({ fresh }) {
      const { store, tenant } = await fresh();
      const scope = tenant();
      await store.close();
      await store.close();
      const refused: Readonly<Record<string, () => Promise<unknown>>> = {
        get: () => store.documents.get(scope, "a"),
        put: () => store.documents.put(scope, versionOf({ id: "a", parts: ["one"] })),
        search: () => store.chunks.search(scope, { vector: null, text: { query: "x" }, filter: null, candidates: 1 }),
        entities: () => store.graph.entities(scope, ["x"]),
        sessions: () => store.sessions.get(scope, "s"),
        memories: () => store.memories.count(scope, "a"),
        jobs: () => store.jobs.claim({ owner: "w", kinds: ["k"], leaseMs: 1 }),
        caches: () => store.caches.get(scope, "s", "k"),
        keys: () => store.keys.find("k"),
        audit: () => store.audit.list(scope, { limit: 1 }),
        prepare: () => store.prepare(contractIdentity),
      };
      for (const [name, call] of Object.entries(refused)) {
        await assert.rejects(call(), (error) => isHybridRAGError(error), name);
      }
      assert.equal((await store.health()).ready, false);
    },
  },
  {
    name: "closing waits for writes that were accepted",
    needs: "persistence",
    async run({ fresh }) {
      const world = await fresh();
      const scope = world.tenant();
      const puts = Array.from({ length: 8 }, (_, index) =>
        world.store.documents.put(scope, versionOf({ id: `d${index}`, parts: ["one", "two"] })),
      );
      const { store } = await world.reopen();
      await Promise.all(puts);
      assert.deepEqual(await store.documents.count(scope), { documents: 8, chunks: 16 });
    },
  },
  {
    name: "everything is there after closing and opening again",
    needs: "persistence",
    async run({ fresh }) {
      const world = await fresh();
      const scope = world.tenant();
      for (const id of ["a", "b", "c"]) {
        const mentions = [mention(chunkId(id, 0), "kafka")];
        await world.store.documents.put(
          scope,
          versionOf({ id, title: "lag", parts: [`kafka ${id}`], graph: { mentions } }),
        );
      }
      await world.store.documents.delete(scope, "b");
      await world.store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
      await world.store.sessions.append(scope, "s", [{ role: "user", content: "hi" }]);
      await world.store.caches.set(scope, "space", "key", { x: 1 }, 1000);
      await world.store.jobs.create(scope, { jobId: "j", kind: "reopened", input: [1] });
      await world.store.settle();
      const before = await snapshot(world.store, scope, ["kafka"], ["a:0"]);
      const { store } = await world.reopen();
      await store.prepare(contractIdentity);
      assertClose(await snapshot(store, scope, ["kafka"], ["a:0"]), before, 1e-9);
      assert.equal((await store.sessions.messages(scope, "s", {})).length, 1);
      assert.deepEqual(await store.caches.get(scope, "space", "key"), { x: 1 });
      assert.deepEqual((await store.jobs.get(scope, "j"))?.input, [1]);
      assert.deepEqual((await store.health()).identity, contractIdentity);
      await rejectsWith(store.prepare({ ...contractIdentity, embedder: "other" }), "index_mismatch");
    },
  },
];
