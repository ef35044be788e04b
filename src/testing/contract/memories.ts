import assert from "node:assert/strict";
import type { NewMemory } from "../../ports/memory-store.ts";
import type { ContractCase } from "./case.ts";
import { allPages, atAngle } from "./examples.ts";
import { assertClose, rejectsWith } from "./expect.ts";

const memory = (memory_id: string, more: Partial<NewMemory> = {}): NewMemory => ({
  memory_id,
  agent_id: "agent",
  type: "fact",
  content: `content of ${memory_id}`,
  importance: 0.5,
  metadata: {},
  vector: null,
  ...more,
});

export const memoryCases: readonly ContractCase[] = [
  {
    name: "a memory is read as it was put",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const { vector: _vector, ...told } = memory("m", { metadata: { from: "a", list: [1] }, valid_to: "2027-01-01" });
      const put = await store.memories.put(scope, { ...told, vector: atAngle(0) });
      const now = new Date(clock.now()).toISOString();
      const rest = { access_count: 0, accessed_at: null, created_at: now, updated_at: now, expires_at: null };
      assert.deepEqual(put, { ...told, valid_from: null, ...rest });
      assert.deepEqual(await store.memories.get(scope, "agent", "m"), put);
      assert.equal(await store.memories.get(scope, "other", "m"), null);
      assert.equal(await store.memories.get(scope, "agent", "n"), null);
    },
  },
  {
    name: "a memory put again keeps its counts and its date of birth",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const first = await store.memories.put(scope, memory("m"));
      clock.advance(1000);
      await store.memories.touch(scope, "agent", ["m"]);
      const touched = new Date(clock.now()).toISOString();
      clock.advance(1000);
      const again = await store.memories.put(scope, memory("m", { content: "new", importance: 0.9 }));
      assert.deepEqual([again.content, again.importance, again.access_count], ["new", 0.9, 1]);
      assert.deepEqual([again.created_at, again.accessed_at], [first.created_at, touched]);
      assert.equal(Date.parse(again.updated_at), clock.now());
      assert.equal(await store.memories.count(scope, "agent"), 1);
    },
  },
  {
    name: "every access is counted, however many at once",
    async run({ store, tenant }) {
      const scope = tenant();
      for (const id of ["a", "b", "c"]) await store.memories.put(scope, memory(id));
      await Promise.all(Array.from({ length: 10 }, () => store.memories.touch(scope, "agent", ["a", "b", "unknown"])));
      const counts = await Promise.all(["a", "b", "c"].map((id) => store.memories.get(scope, "agent", id)));
      assert.deepEqual(
        counts.map((one) => one?.access_count),
        [10, 10, 0],
      );
    },
  },
  {
    name: "an expired memory is gone at once",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const expires_at = new Date(clock.now() + 1000).toISOString();
      await store.memories.put(scope, memory("m", { content: "walrus", expires_at }));
      clock.advance(999);
      assert.equal(await store.memories.count(scope, "agent"), 1);
      clock.advance(1);
      assert.equal(await store.memories.count(scope, "agent"), 0);
      assert.equal(await store.memories.get(scope, "agent", "m"), null);
      assert.deepEqual((await store.memories.list(scope, "agent", { limit: 5 })).items, []);
      assert.deepEqual(await store.memories.search(scope, "agent", { vector: null, text: "walrus", limit: 5 }), []);
      assert.equal(await store.memories.delete(scope, "agent", "m"), false);
    },
  },
  {
    name: "memories are listed newest first, narrowed by type and validity, page by page",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const validity = [{}, { valid_from: "2026-03-01" }, { valid_to: "2026-03-01" }, { valid_to: "2026-05-01" }, {}];
      for (const [index, valid] of validity.entries()) {
        const type = index === 4 ? "event" : "fact";
        await store.memories.put(scope, memory(`m${index}`, { type, ...valid }));
        clock.advance(10);
      }
      await store.memories.put(scope, memory("other", { agent_id: "someone else" }));
      const list = async (more: { readonly type?: string; readonly validAt?: string }) =>
        (await allPages((page) => store.memories.list(scope, "agent", { ...page, ...more }), 2)).map(
          (m) => m.memory_id,
        );
      assert.deepEqual(await list({}), ["m4", "m3", "m2", "m1", "m0"]);
      assert.deepEqual(await list({ type: "event" }), ["m4"]);
      assert.deepEqual(await list({ validAt: "2026-03-01T00:00:00Z" }), ["m4", "m3", "m1", "m0"]);
      assert.deepEqual(await list({ validAt: "2026-02-01T00:00:00Z" }), ["m4", "m3", "m2", "m0"]);
    },
  },
  {
    name: "a search says both scores of the best of each leg",
    needs: "search",
    async run({ store, tenant }) {
      const scope = tenant();
      const all = { a: [80, "walrus walrus"], b: [10, "heron"], c: [40, "walrus otter"], d: [90, "otter"] } as const;
      for (const [id, [degrees, content]] of Object.entries(all)) {
        await store.memories.put(scope, memory(id, { content, vector: atAngle(degrees) }));
      }
      await store.memories.put(scope, memory("a", { agent_id: "other", content: "walrus", vector: atAngle(0) }));
      await store.settle();
      const search = async (vector: Float32Array | null, text: string | null, limit: number) => {
        const hits = await store.memories.search(scope, "agent", { vector, text, limit });
        return hits.toSorted((x, y) => (x.memory.memory_id < y.memory.memory_id ? -1 : 1));
      };
      const ids = async (...request: Parameters<typeof search>) =>
        (await search(...request)).map(({ memory: found }) => found.memory_id);
      assert.deepEqual(await ids(atAngle(0), null, 2), ["b", "c"]);
      assert.deepEqual(await ids(null, "walrus", 5), ["a", "c"]);
      assert.deepEqual(await ids(atAngle(0), "walrus", 1), ["a", "b"]);
      const [a, b] = await search(atAngle(0), "walrus", 1);
      assertClose([a?.cosine, b?.cosine], [Math.cos((80 * Math.PI) / 180), Math.cos((10 * Math.PI) / 180)], 1e-6);
      assert.ok(a!.bm25! > 0);
      assert.equal(b?.bm25, 0);
      assert.equal((await search(null, "walrus", 1))[0]?.cosine, null);
    },
  },
  {
    name: "a search is narrowed by type and validity before it is cut",
    needs: "search",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.memories.put(scope, memory("a", { content: "walrus", type: "event" }));
      await store.memories.put(scope, memory("b", { content: "walrus heron otter", valid_from: "2027-01-01" }));
      await store.memories.put(scope, memory("c", { content: "walrus heron otter red", valid_to: "2027-01-01" }));
      await store.settle();
      const search = async (more: object) =>
        (await store.memories.search(scope, "agent", { vector: null, text: "walrus", limit: 1, ...more })).map(
          (hit) => hit.memory.memory_id,
        );
      assert.deepEqual(await search({ type: "fact", validAt: "2026-06-01T00:00:00Z" }), ["c"]);
      assert.deepEqual(await search({ type: "fact", validAt: "2027-01-01T00:00:00Z" }), ["b"]);
    },
  },
  {
    name: "a memory's vector of zeros or of other dimensions is refused",
    async run({ store, tenant }) {
      const scope = tenant();
      for (const vector of [new Float32Array(8), new Float32Array(3).fill(1)]) {
        await rejectsWith(store.memories.put(scope, memory("m", { vector })), "invalid_input");
      }
      assert.equal(await store.memories.count(scope, "agent"), 0);
    },
  },
  {
    name: "a deleted memory is gone",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.memories.put(scope, memory("m"));
      assert.equal(await store.memories.delete(scope, "other", "m"), false);
      assert.equal(await store.memories.delete(scope, "agent", "m"), true);
      assert.equal(await store.memories.delete(scope, "agent", "m"), false);
      assert.equal(await store.memories.get(scope, "agent", "m"), null);
      const again = await store.memories.put(scope, memory("m"));
      assert.equal(again.access_count, 0);
    },
  },
];
