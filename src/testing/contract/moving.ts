import assert from "node:assert/strict";
import type { StoredMemory } from "../../ports/memory-store.ts";
import type { StoredVersion } from "../../ports/store.ts";
import type { Message, Session } from "../../records.ts";
import { as, type ContractCase } from "./case.ts";
import { allPages, assertion, atAngle, chunkId, link, mention, versionOf } from "./examples.ts";
import { rejectsWith } from "./expect.ts";

const long = "2099-01-01T00:00:00.000Z";
const old = "2020-01-02T03:04:05.006Z";
const newer = "2021-01-02T03:04:05.006Z";

const hidden = { access: ["ann"] };

const example = () =>
  versionOf({
    id: "d",
    title: "Kafka",
    headings: ["One", "Two"],
    parts: ["first part", "second 𐍈 part", "third part"],
    metadata: { color: "red", place: { type: "Point", coordinates: [1.5, 2] }, list: [1, null, "a"] },
    vectors: [atAngle(10), null, Float32Array.from([0.1, 1e-20, -3, 0, 0, 0, 0, 1 / 3])],
    graph: {
      mentions: [
        mention(chunkId("d", 0), "kafka", "title"),
        mention(chunkId("d", 2), "lag"),
        mention(chunkId("d", 2), "topic"),
      ],
      links: [link(chunkId("d", 1), "other.txt")],
      assertions: [assertion(chunkId("d", 0), "kafka", "lag", 0.25), assertion(chunkId("d", 2), "topic", "lag")],
    },
  });

/** As a store could have had it for years. */
function storedExample(): StoredVersion {
  const version = example();
  const history = { version: 7, status: "indexed", error: null, created_at: old, updated_at: newer } as const;
  const counts = { chunks: version.chunks.length, characters: version.text.length };
  return { ...version, document: { ...version.document, ...counts, ...history } };
}

const session: Session = {
  session_id: "s",
  metadata: { user_id: "u", deep: { list: [1, "a", null] } },
  summary: "what was said",
  summarized_to: 1,
  messages: 3,
  created_at: old,
  updated_at: newer,
  expires_at: long,
};

const messages: readonly Message[] = (["user", "assistant", "user"] as const).map((role, index) => ({
  session_id: "s",
  sequence: index + 1,
  role,
  content: `message ${index}`,
  metadata: { n: index },
  created_at: [old, old, newer][index]!,
}));

const stored = (agent_id: string, memory_id: string, more: Partial<StoredMemory["memory"]> = {}): StoredMemory => ({
  memory: {
    memory_id,
    agent_id,
    type: "fact",
    content: `content of ${memory_id}`,
    importance: 0.7,
    metadata: { n: 1 },
    valid_from: "2020-01-01",
    valid_to: null,
    access_count: 5,
    accessed_at: newer,
    created_at: old,
    updated_at: newer,
    expires_at: long,
    ...more,
  },
  vector: atAngle(33),
});

export const movingCases: readonly ContractCase[] = [
  {
    name: "a version is read whole, as it was put",
    async run({ store, tenant }) {
      const scope = tenant();
      const put = example();
      await store.documents.put(scope, put);
      const read = await store.documents.version(scope, "d");
      assert.deepEqual(read?.document, await store.documents.get(scope, "d"));
      assert.deepEqual(
        { text: read?.text, chunks: read?.chunks, graph: read?.graph },
        {
          text: put.text,
          chunks: put.chunks,
          graph: put.graph,
        },
      );
      assert.equal(await store.documents.version(scope, "none"), null);
      assert.equal(await store.documents.version(tenant(), "d"), null);
    },
  },
  {
    name: "a version that may not be read is not there",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "d", parts: ["a"], metadata: hidden }));
      assert.equal(await store.documents.version(as(scope, "bob"), "d"), null);
      assert.equal((await store.documents.version(as(scope, "ann"), "d"))?.text, "a");
    },
  },
  {
    name: "a restored version has the number and the dates it had, and counts on from there",
    async run({ store, tenant }) {
      const scope = tenant();
      const given = storedExample();
      assert.equal(await store.documents.restore(scope, given), "restored");
      assert.deepEqual(await store.documents.version(scope, "d"), given);
      const next = await store.documents.put(scope, versionOf({ id: "d", parts: ["new"] }));
      assert.deepEqual(next, { outcome: "updated", version: 8 });
      assert.equal((await store.documents.get(scope, "d"))?.created_at, old);
    },
  },
  {
    name: "a version is restored over an older one, and keeps one that is as new",
    async run({ store, tenant }) {
      const scope = tenant();
      const given = storedExample();
      const before = versionOf({ id: "d", parts: ["before", "more", "and more", "again"] });
      const counts = { chunks: 4, characters: before.text.length };
      const older = { ...before, document: { ...given.document, ...before.document, ...counts, updated_at: old } };
      assert.equal(await store.documents.restore(scope, older), "restored");
      assert.equal(await store.documents.restore(scope, given), "restored");
      assert.deepEqual(await store.documents.version(scope, "d"), given);
      assert.equal(await store.documents.restore(scope, given), "kept");
      assert.equal(await store.documents.restore(scope, older), "kept");
      assert.deepEqual(await store.documents.version(scope, "d"), given);
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 3 });
    },
  },
  {
    name: "a version is not restored over one that may not be read",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "d", parts: ["a"], metadata: hidden }));
      await rejectsWith(store.documents.restore(as(scope, "bob"), storedExample()), "forbidden");
      assert.equal(await store.documents.text(scope, "d"), "a");
    },
  },
  {
    name: "a restored version is found, by its words, its vectors and its names",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      await store.documents.restore(scope, storedExample());
      const byWord = await search(scope, { text: { query: "second" } });
      assert.deepEqual(
        byWord.candidates.map(({ chunk }) => chunk.chunk_id),
        [chunkId("d", 1)],
      );
      const byVector = await search(scope, { vector: atAngle(10), candidates: 1 });
      assert.equal(byVector.candidates[0]?.chunk.chunk_id, chunkId("d", 0));
      assert.equal((await store.graph.entities(scope, ["lag"])).length, 1);
    },
  },
  {
    name: "a session is restored with its dates and its numbers, and goes on",
    async run({ store, tenant }) {
      const scope = tenant();
      assert.equal(await store.sessions.restore(scope, session, messages), "restored");
      assert.deepEqual(await store.sessions.get(scope, "s"), session);
      assert.deepEqual(await store.sessions.messages(scope, "s", {}), messages);
      assert.deepEqual((await store.sessions.list(scope, { limit: 5, userId: "u" })).items, [session]);
      assert.equal(await store.sessions.get(tenant(), "s"), null);
      const [next] = await store.sessions.append(scope, "s", [{ role: "user", content: "more" }]);
      assert.equal(next?.sequence, 4);
    },
  },
  {
    name: "a session is restored over an older one, and keeps one that is as new",
    async run({ store, tenant }) {
      const scope = tenant();
      const longer = [...messages, { ...messages[0]!, sequence: 4 }];
      const older = { ...session, updated_at: old, messages: 4, summary: "older" };
      assert.equal(await store.sessions.restore(scope, older, longer), "restored");
      assert.equal(await store.sessions.restore(scope, session, messages), "restored");
      assert.equal(await store.sessions.restore(scope, session, messages), "kept");
      assert.equal(await store.sessions.restore(scope, older, longer), "kept");
      assert.deepEqual(await store.sessions.get(scope, "s"), session);
      assert.deepEqual(await store.sessions.messages(scope, "s", {}), messages);
    },
  },
  {
    name: "a memory is restored with its dates and counts",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const given = stored("agent", "m");
      assert.equal(await store.memories.restore(scope, given), "restored");
      assert.deepEqual(await store.memories.get(scope, "agent", "m"), given.memory);
      assert.deepEqual((await store.memories.stored(scope, { limit: 5 })).items, [given]);
      assert.equal(await store.memories.restore(scope, given), "kept");
      await store.memories.touch(scope, "agent", ["m"]);
      assert.equal(await store.memories.restore(scope, given), "kept");
      const touched = await store.memories.get(scope, "agent", "m");
      assert.deepEqual([touched?.access_count, Date.parse(touched!.accessed_at!)], [6, clock.now()]);
      const again = stored("agent", "m", { updated_at: new Date(clock.now()).toISOString(), content: "new" });
      assert.equal(await store.memories.restore(scope, again), "restored");
      assert.deepEqual(await store.memories.get(scope, "agent", "m"), again.memory);
    },
  },
  {
    name: "memories of all agents are walked in order, page by page",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const soon = new Date(clock.now() + 1000).toISOString();
      const walked = [stored("a", "z"), stored("a", "𐍈"), stored("b", "a"), stored("ﬀ", "a"), stored("𐍈", "a")];
      for (const one of walked.toReversed()) await store.memories.restore(scope, one);
      await store.memories.restore(scope, stored("b", "gone", { expires_at: soon }));
      await store.memories.restore(tenant(), stored("b", "foreign"));
      clock.advance(1000);
      const seen = await allPages((request) => store.memories.stored(scope, request), 2);
      assert.deepEqual(seen, walked);
    },
  },
];
