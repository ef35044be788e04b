import assert from "node:assert/strict";
import type { ApiKey } from "../../ports/key-store.ts";
import type { Store } from "../../ports/store.ts";
import type { Scope } from "../../scope.ts";
import type { ContractCase } from "./case.ts";
import { assertion, chunkId, link, mention, versionOf } from "./examples.ts";
import { assertClose, rejectsWith } from "./expect.ts";
import { snapshot } from "./snapshot.ts";

const names = ["kafka", "broker"];

/** Documents with the same ids, words and names in every tenant, and a little of the tenant's own. */
const putDocuments = async (store: Store, scope: Scope, own: string): Promise<void> => {
  for (const id of ["a", "b"]) {
    const at = chunkId(id, 0);
    const graph = {
      mentions: [mention(at, "kafka", "body", own), mention(at, "broker", "title")],
      links: [link(at, "b")],
      assertions: [assertion(at, "kafka", "broker")],
    };
    await store.documents.put(scope, versionOf({ id, title: "kafka", parts: [`kafka broker ${own}`], graph }));
  }
};

export const tenantCases: readonly ContractCase[] = [
  {
    name: "another tenant with the same ids, words and names changes no answer, score, count or frequency",
    needs: "search",
    async run({ store, tenant }) {
      const [mine, theirs] = [tenant(), tenant()];
      await putDocuments(store, mine, "mine");
      await store.settle();
      const see = () => snapshot(store, mine, names, [chunkId("a", 0)]);
      const before = await see();
      await putDocuments(store, theirs, "theirs");
      for (let index = 0; index < 5; index++) {
        const extra = versionOf({ id: `x${index}`, parts: ["kafka kafka kafkq broker", "lag"] });
        await store.documents.put(theirs, extra);
      }
      await store.settle();
      assertClose(await see(), before, 1e-9);
      await store.documents.delete(theirs, "a");
      await store.settle();
      assertClose(await see(), before, 1e-9);
    },
  },
  {
    name: "a tenant without documents sees none, whatever others have",
    needs: "search",
    async run({ store, tenant, search }) {
      const [mine, theirs] = [tenant(), tenant()];
      await putDocuments(store, theirs, "theirs");
      const vector = versionOf({ id: "q", parts: ["kafka"] }).chunks[0]!.vector;
      const result = await search(mine, { vector, text: { query: "kafkq theirs", repairTypos: true } });
      assert.deepEqual([result.candidates, result.allowed], [[], 0]);
      assert.deepEqual([result.text?.corpusSize, result.text?.matched, result.text?.repairs], [0, 0, []]);
      assert.ok(result.text?.terms.every(({ documentFrequency }) => documentFrequency === 0));
      assert.equal(await store.documents.get(mine, "a"), null);
      assert.equal(await store.documents.delete(mine, "a"), false);
      assert.deepEqual(await store.chunks.get(mine, [chunkId("a", 0)]), []);
      assert.deepEqual(await store.graph.entities(mine, names), []);
      assert.deepEqual(await store.graph.weigh(mine, names), []);
      assert.deepEqual(await store.graph.neighbours(mine, { entity: "kafka", limit: 9 }), []);
    },
  },
  {
    name: "names that look alike are different tenants",
    async run({ store, tenant }) {
      const base = tenant();
      const alike = ["", " ", "/", ":", "%", "\u0001", "A", "a"].map((end) => ({ ...base, tenant: base.tenant + end }));
      for (const [index, scope] of alike.entries()) {
        await store.documents.put(scope, versionOf({ id: "a", parts: [`text ${index}`] }));
      }
      for (const [index, scope] of alike.entries()) {
        assert.equal(await store.documents.text(scope, "a"), `text ${index}`);
        assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 1 });
      }
    },
  },
  {
    name: "a cursor of one tenant shows nothing of it to another",
    async run({ store, tenant }) {
      const [mine, theirs] = [tenant(), tenant()];
      for (const id of ["a", "b", "c"]) {
        await store.documents.put(theirs, versionOf({ id, parts: ["theirs"] }));
        await store.documents.put(mine, versionOf({ id, title: "mine", parts: ["mine"] }));
      }
      const { next } = await store.documents.list(theirs, { limit: 1 });
      const page = await store.documents.list(mine, { limit: 9, cursor: next }).catch(() => ({ items: [] }));
      assert.ok(page.items.every(({ title }) => title === "mine"));
    },
  },
  {
    name: "sessions, memories, jobs, caches, keys and the audit log are apart",
    async run({ store, clock, tenant }) {
      const [mine, theirs] = [tenant(), tenant()];
      const jobId = crypto.randomUUID();
      await store.sessions.open(theirs, { sessionId: "s", ttlMs: 1000 });
      await store.memories.put(theirs, { ...memory, vector: null });
      await store.jobs.create(theirs, { jobId, kind: "tenants", input: null });
      await store.caches.set(theirs, "space", "key", "theirs", null);
      const key = keyOf(theirs);
      await store.keys.put(key);
      await store.audit.append(theirs, entry);

      assert.equal(await store.sessions.get(mine, "s"), null);
      assert.deepEqual((await store.sessions.list(mine, { limit: 5 })).items, []);
      await rejectsWith(store.sessions.append(mine, "s", [{ role: "user", content: "hi" }]), "not_found");
      assert.equal(await store.sessions.delete(mine, "s"), false);
      assert.equal(await store.sessions.count(mine), 0);
      assert.equal(await store.memories.get(mine, "agent", "m"), null);
      assert.equal(await store.memories.count(mine, "agent"), 0);
      assert.deepEqual(await store.memories.search(mine, "agent", { vector: null, text: "kafka", limit: 5 }), []);
      assert.equal(await store.memories.delete(mine, "agent", "m"), false);
      assert.equal(await store.jobs.get(mine, jobId), null);
      assert.deepEqual((await store.jobs.list(mine, { limit: 5 })).items, []);
      assert.equal(await store.jobs.cancel(mine, jobId), false);
      assert.equal(await store.caches.get(mine, "space", "key"), null);
      assert.deepEqual(await store.caches.claim(mine, "space", "key", "mine", 1000), { claimed: true, value: "mine" });
      assert.equal(await store.caches.get(theirs, "space", "key"), "theirs");
      assert.deepEqual(await store.keys.list(mine), []);
      assert.equal(await store.keys.revoke(mine, key.key_id, new Date(clock.now()).toISOString()), false);
      assert.deepEqual((await store.audit.list(mine, { limit: 5 })).items, []);
      const claimed = await store.jobs.claim({ owner: "worker", kinds: ["tenants"], leaseMs: 1000 });
      assert.deepEqual([claimed?.tenant, claimed?.job.job_id], [theirs.tenant, jobId]);
      const beat = { jobId, owner: "worker", leaseMs: 1000 };
      assert.deepEqual(
        [await store.jobs.heartbeat(mine, beat), await store.jobs.heartbeat(theirs, beat)],
        [false, true],
      );
    },
  },
  {
    name: "both tenants may use the same ids for everything",
    async run({ store, tenant }) {
      const both = [tenant(), tenant()];
      const jobId = crypto.randomUUID();
      for (const scope of both) {
        await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
        await store.sessions.append(scope, "s", [{ role: "user", content: scope.tenant }]);
        await store.memories.put(scope, { ...memory, content: scope.tenant, vector: null });
        await store.jobs.create(scope, { jobId, kind: "unclaimed", input: scope.tenant });
        await store.caches.increment(scope, "space", "n", 1, 1000);
      }
      for (const scope of both) {
        const messages = await store.sessions.messages(scope, "s", {});
        assert.deepEqual(
          messages.map(({ sequence, content }) => [sequence, content]),
          [[1, scope.tenant]],
        );
        assert.equal((await store.memories.get(scope, "agent", "m"))?.content, scope.tenant);
        assert.equal((await store.jobs.get(scope, jobId))?.input, scope.tenant);
        assert.equal(await store.caches.get(scope, "space", "n"), 1);
      }
    },
  },
];

const memory = {
  memory_id: "m",
  agent_id: "agent",
  type: "fact",
  content: "kafka",
  importance: 0.5,
  metadata: {},
} as const;

const entry = { at: "2026-01-01T00:00:00.000Z", actor: "a", action: "b", target: "c", outcome: "ok", request_id: null };

const keyOf = ({ tenant }: Scope): ApiKey => ({
  key_id: crypto.randomUUID(),
  tenant,
  name: "key",
  secret_hash: "00",
  scopes: ["query"],
  principals: "all",
  created_at: "2026-01-01T00:00:00.000Z",
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
});
