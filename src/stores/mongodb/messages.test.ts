import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { MongoClient } from "mongodb";
import { ownerScope } from "../../scope.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("acme");
const hour = 3_600_000;
const say = (content: string) => ({ role: "user", content }) as const;

async function world(t: TestContext) {
  const server = await startMongoServer({});
  let now = Date.parse("2026-01-01");
  const store = await openMongoStore({ uri: server.uri, now: () => now });
  const client = await MongoClient.connect(server.uri);
  t.after(async () => {
    await client.close();
    await store.close();
    await server.close();
  });
  const db = client.db("hybridrag");
  return {
    server,
    sessions: store.sessions,
    advance: (ms: number) => void (now += ms),
    now: () => now,
    rows: () => db.collection("conversation_messages").find({}).sort({ sequence: 1 }).toArray(),
    session: () => db.collection("conversation_sessions").findOne({}),
    read: async () =>
      (await store.sessions.messages(scope, "s", {})).map(({ sequence, content }) => [sequence, content]),
  };
}

test("messages that a server had no time to move are read, and moved by a later append", async (t) => {
  const { server, sessions, advance, rows, read, session } = await world(t);
  await sessions.open(scope, { sessionId: "s", ttlMs: hour });
  const metadata = { $set: { a: "$messages" }, "a.b": null };
  server.faults.arm("update", { kind: "error", code: "InternalError" });
  await sessions.append(scope, "s", [{ ...say("$one"), metadata }, say("two")]);
  assert.equal((await rows()).length, 0);
  assert.deepEqual(await read(), [
    [1, "$one"],
    [2, "two"],
  ]);
  assert.deepEqual((await sessions.messages(scope, "s", { last: 2 }))[0]?.metadata, metadata);
  assert.deepEqual(
    (await sessions.messages(scope, "s", { after: 1, limit: 1 })).map(({ content }) => content),
    ["two"],
  );

  await sessions.append(scope, "s", [say("three")]);
  assert.deepEqual(
    (await rows()).map(({ content }) => content),
    ["three"],
    "another may still be moving them",
  );
  assert.equal((await sessions.messages(scope, "s", { last: 1 }))[0]?.content, "three");
  assert.deepEqual(
    (await read()).map(([sequence]) => sequence),
    [1, 2, 3],
  );
  advance(5000);
  await sessions.append(scope, "s", [say("four")]);
  assert.deepEqual(
    (await rows()).map(({ content }) => content),
    ["$one", "two", "three", "four"],
  );
  assert.deepEqual((await session())?.["pending"], []);
  assert.deepEqual(
    (await read()).map(([sequence]) => sequence),
    [1, 2, 3, 4],
  );
});

test("an append whose answers are lost is done once", async (t) => {
  const { server, sessions, read } = await world(t);
  await sessions.open(scope, { sessionId: "s", ttlMs: hour });
  await sessions.append(scope, "s", [say("zero")]);
  for (const kind of ["cut", "reset"] as const) {
    // The driver repeats once by itself.
    server.faults.arm("findAndModify", { kind }, 3);
    const [message] = await sessions.append(scope, "s", [say(kind)]);
    assert.equal(message?.content, kind);
  }
  assert.deepEqual(await read(), [
    [1, "zero"],
    [2, "cut"],
    [3, "reset"],
  ]);
});

test("an append that meets the deletion of its session leaves nothing behind", async (t) => {
  const { sessions, rows, server } = await world(t);
  await sessions.open(scope, { sessionId: "s", ttlMs: hour });
  server.faults.arm("update", { kind: "slow", milliseconds: 60 });
  const appending = sessions.append(scope, "s", [say("late")]);
  while ((await sessions.get(scope, "s"))?.messages !== 1) await new Promise(setImmediate);
  assert.equal(await sessions.delete(scope, "s"), true);
  await appending;
  assert.deepEqual(await rows(), []);
});

test("no message is removed before its session, however sessions are opened and written to", async (t) => {
  const { sessions, rows, session, advance } = await world(t);
  const step = fc.record({
    after: fc.integer({ min: 0, max: 900 }),
    ttl: fc.integer({ min: 1, max: 3000 }),
    isOpened: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      await sessions.delete(scope, "s");
      for (const { after, ttl, isOpened } of steps) {
        advance(after);
        const ttlMs = ttl * 1000;
        if (isOpened || (await sessions.get(scope, "s")) === null)
          await sessions.open(scope, { sessionId: "s", ttlMs });
        else await sessions.append(scope, "s", [say("hi")], { ttlMs });
        const kept = await session();
        const own = (await rows()).filter(({ session_key }) => session_key === kept?.["session_key"]);
        assert.equal(own.length, kept?.["messages"]);
        for (const { expires_at } of own) assert.ok(expires_at >= kept?.["expires_at"]);
      }
    }),
    { numRuns: 25 },
  );
});
