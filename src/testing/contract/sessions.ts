import assert from "node:assert/strict";
import type { ContractCase } from "./case.ts";
import { allPages } from "./examples.ts";
import { rejectsWith } from "./expect.ts";

const say = (content: string) => ({ role: "user", content }) as const;
const hour = 3_600_000;

export const sessionCases: readonly ContractCase[] = [
  {
    name: "a session is opened once and read as it was opened",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const metadata = { user_id: "u1", deep: { list: [1, "a", null] } };
      const opened = await store.sessions.open(scope, { sessionId: "s", metadata, ttlMs: hour });
      const now = new Date(clock.now()).toISOString();
      assert.deepEqual(opened, {
        session_id: "s",
        metadata,
        summary: "",
        summarized_to: 0,
        messages: 0,
        created_at: now,
        updated_at: now,
        expires_at: new Date(clock.now() + hour).toISOString(),
      });
      assert.deepEqual(await store.sessions.get(scope, "s"), opened);
      clock.advance(1000);
      await store.sessions.append(scope, "s", [say("hi")]);
      const again = await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      assert.deepEqual([again.created_at, again.messages, again.metadata], [now, 1, metadata]);
      assert.equal(Date.parse(again.expires_at), clock.now() + hour);
      assert.equal((await store.sessions.messages(scope, "s", {})).length, 1);
    },
  },
  {
    name: "an expired session is gone at once and begins anew",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
      await store.sessions.append(scope, "s", [say("old")]);
      clock.advance(999);
      assert.equal(await store.sessions.count(scope), 1);
      clock.advance(1);
      assert.equal(await store.sessions.get(scope, "s"), null);
      assert.deepEqual((await store.sessions.list(scope, { limit: 5 })).items, []);
      assert.equal(await store.sessions.count(scope), 0);
      assert.deepEqual(await store.sessions.messages(scope, "s", {}), []);
      await rejectsWith(store.sessions.append(scope, "s", [say("late")]), "not_found");
      assert.equal(await store.sessions.delete(scope, "s"), false);
      const { messages } = await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
      assert.equal(messages, 0);
      const [first] = await store.sessions.append(scope, "s", [say("new")]);
      assert.equal(first?.sequence, 1);
      assert.deepEqual(
        (await store.sessions.messages(scope, "s", {})).map(({ content }) => content),
        ["new"],
      );
    },
  },
  {
    name: "writing keeps a session alive when it says how long",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
      clock.advance(900);
      await store.sessions.append(scope, "s", [say("one")], { ttlMs: 1000 });
      clock.advance(900);
      assert.equal((await store.sessions.get(scope, "s"))?.messages, 1);
      clock.advance(100);
      assert.equal(await store.sessions.get(scope, "s"), null);
    },
  },
  {
    name: "messages keep their order, words, role and metadata",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      const metadata = { sources: ["a:0"], score: 0.5 };
      const appended = await store.sessions.append(scope, "s", [
        say("question 𐍈\n"),
        { role: "assistant", content: "answer", metadata },
      ]);
      const now = new Date(clock.now()).toISOString();
      const common = { session_id: "s", created_at: now };
      assert.deepEqual(appended, [
        { ...common, sequence: 1, role: "user", content: "question 𐍈\n", metadata: {} },
        { ...common, sequence: 2, role: "assistant", content: "answer", metadata },
      ]);
      assert.deepEqual(await store.sessions.messages(scope, "s", {}), appended);
      assert.equal((await store.sessions.get(scope, "s"))?.messages, 2);
    },
  },
  {
    name: "sixteen writers at once leave no gap and no doublet, and each batch stays together",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      const write = async (writer: number) => {
        for (let round = 0; round < 4; round++) {
          const name = `${writer}-${round}`;
          const [first, second] = await store.sessions.append(scope, "s", [say(`${name} a`), say(`${name} b`)]);
          assert.equal(second?.sequence, (first?.sequence ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)));
      const messages = await store.sessions.messages(scope, "s", {});
      assert.deepEqual(
        messages.map(({ sequence }) => sequence),
        Array.from({ length: 128 }, (_, index) => index + 1),
      );
      assert.equal(new Set(messages.map(({ content }) => content)).size, 128);
      for (let writer = 0; writer < 16; writer++) {
        const own = messages.map(({ content }) => content).filter((content) => content.startsWith(`${writer}-`));
        assert.deepEqual(own, own.toSorted());
      }
      assert.equal((await store.sessions.get(scope, "s"))?.messages, 128);
    },
  },
  {
    name: "messages are read from behind, from a number on, and up to a limit",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      await store.sessions.append(scope, "s", ["1", "2", "3", "4", "5"].map(say));
      const read = async (request: { readonly after?: number; readonly last?: number; readonly limit?: number }) =>
        (await store.sessions.messages(scope, "s", request)).map(({ content }) => content).join("");
      assert.equal(await read({}), "12345");
      assert.equal(await read({ last: 2 }), "45");
      assert.equal(await read({ last: 9 }), "12345");
      assert.equal(await read({ after: 2 }), "345");
      assert.equal(await read({ after: 2, limit: 2 }), "34");
      assert.equal(await read({ after: 5 }), "");
      assert.equal(await read({ after: 1, last: 3 }), "345");
    },
  },
  {
    name: "sessions are listed by their last change, narrowed by user, page by page",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      for (const [index, sessionId] of ["a", "b", "c", "d", "e"].entries()) {
        const metadata = { user_id: index % 2 === 0 ? "even" : "odd" };
        await store.sessions.open(scope, { sessionId, metadata, ttlMs: hour });
        clock.advance(10);
      }
      await store.sessions.append(scope, "b", [say("hi")]);
      const list = async (userId?: string) =>
        (await allPages((page) => store.sessions.list(scope, { ...page, userId }), 2)).map((one) => one.session_id);
      assert.deepEqual(await list(), ["b", "e", "d", "c", "a"]);
      assert.deepEqual(await list("even"), ["e", "c", "a"]);
      assert.deepEqual(await list("nobody"), []);
    },
  },
  {
    name: "a summary only ever reaches further, and the messages stay",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      await store.sessions.append(scope, "s", ["1", "2", "3", "4"].map(say));
      const summary = async () => {
        const session = await store.sessions.get(scope, "s");
        return `${session?.summary} ${session?.summarized_to}`;
      };
      await store.sessions.summarize(scope, "s", "three", 3);
      await store.sessions.summarize(scope, "s", "two", 2);
      await store.sessions.summarize(scope, "s", "other three", 3);
      assert.equal(await summary(), "three 3");
      await Promise.all([4, 1, 2].map((upTo) => store.sessions.summarize(scope, "s", `to ${upTo}`, upTo)));
      assert.equal(await summary(), "to 4 4");
      assert.equal((await store.sessions.messages(scope, "s", {})).length, 4);
    },
  },
  {
    name: "a deleted session takes its messages with it",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      await store.sessions.append(scope, "s", [say("secret")]);
      assert.equal(await store.sessions.delete(scope, "s"), true);
      assert.equal(await store.sessions.delete(scope, "s"), false);
      assert.deepEqual(await store.sessions.messages(scope, "s", {}), []);
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      assert.deepEqual(await store.sessions.messages(scope, "s", {}), []);
    },
  },
  {
    name: "vectors of messages are kept, replaced and read from a number on, and those of no message are not kept",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
      await store.sessions.append(scope, "s", ["1", "2", "3"].map(say));
      const read = async (request: { readonly after?: number; readonly limit?: number }, of = scope) =>
        (await store.sessions.vectors(of, "s", request)).map((one) => [
          one.sequence,
          one.embedding_hash,
          ...one.vector,
        ]);
      await store.sessions.keepVectors(scope, "s", [vector(3, "c"), vector(1, "a"), vector(4, "d"), vector(0, "z")]);
      assert.deepEqual(await read({}), [
        [1, "a", 1, 0.5],
        [3, "c", 3, 0.5],
      ]);
      await store.sessions.keepVectors(scope, "s", [vector(2, "b"), vector(1, "again")]);
      assert.deepEqual(await read({ limit: 2 }), [
        [1, "again", 1, 0.5],
        [2, "b", 2, 0.5],
      ]);
      assert.deepEqual(await read({ after: 2 }), [[3, "c", 3, 0.5]]);
      assert.deepEqual(await read({}, tenant()), []);
      const [first] = await store.sessions.messages(scope, "s", { limit: 1 });
      assert.deepEqual(Object.keys(first!).toSorted(), sortedMessageKeys);
      await store.sessions.append(scope, "s", [say("4")], { ttlMs: 2 * hour });
      assert.equal((await read({})).length, 3);
    },
  },
  {
    name: "vectors leave with their session, and one that is restored or begun anew has none",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const begin = async () => {
        await store.sessions.open(scope, { sessionId: "s", ttlMs: hour });
        await store.sessions.append(scope, "s", [say("1")]);
      };
      const vectors = async () => (await store.sessions.vectors(scope, "s", {})).length;
      await store.sessions.keepVectors(scope, "s", [vector(1, "too soon")]);
      await begin();
      assert.equal(await vectors(), 0);
      await store.sessions.keepVectors(scope, "s", [vector(1, "a")]);
      assert.equal(await vectors(), 1);
      await store.sessions.delete(scope, "s");
      await begin();
      assert.equal(await vectors(), 0);
      await store.sessions.keepVectors(scope, "s", [vector(1, "a")]);
      clock.advance(hour);
      assert.equal(await vectors(), 0);
      await begin();
      assert.equal(await vectors(), 0);
      await store.sessions.keepVectors(scope, "s", [vector(1, "a")]);
      const session = (await store.sessions.get(scope, "s"))!;
      const updated_at = new Date(clock.now() + 1).toISOString();
      const messages = await store.sessions.messages(scope, "s", {});
      assert.equal(await store.sessions.restore(scope, { ...session, updated_at }, messages), "restored");
      assert.equal(await vectors(), 0);
    },
  },
];

const vector = (sequence: number, embedding_hash: string) => ({
  sequence,
  embedding_hash,
  vector: Float32Array.of(sequence, 0.5),
});

const sortedMessageKeys = ["content", "created_at", "metadata", "role", "sequence", "session_id"];
