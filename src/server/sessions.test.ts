import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ownerScope } from "../scope.ts";
import { ingestTexts, openTestbed, type Body } from "./testbed.test.fixture.ts";

describe("sessions over HTTP", () => {
  test("16 clients at once write one conversation: every message once, without a gap, each client's in its order", async () => {
    const bed = await openTestbed();
    const key = await bed.key("acme");
    await bed.send(key, "POST", "/v1/sessions", { session_id: "s" });
    const client = async (name: number): Promise<void> => {
      for (let turn = 0; turn < 10; turn++) {
        const messages = [
          { role: "user", content: `${name}:${turn}:question` },
          { role: "assistant", content: `${name}:${turn}:answer` },
        ];
        assert.equal((await bed.send(key, "POST", "/v1/sessions/s/messages", { messages })).status, 201);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, name) => client(name)));
    const { body } = await bed.send(key, "GET", "/v1/sessions/s/messages?limit=1000");
    assert.deepEqual(
      body.messages.map(({ sequence }: Body) => sequence),
      Array.from({ length: 320 }, (_, index) => index + 1),
    );
    for (let name = 0; name < 16; name++) {
      const own = body.messages
        .map(({ content }: Body) => content)
        .filter((text: string) => text.startsWith(`${name}:`));
      const expected = Array.from({ length: 10 }, (_, turn) => [`${name}:${turn}:question`, `${name}:${turn}:answer`]);
      assert.deepEqual(own, expected.flat());
    }
    await bed.close();
  });

  test("a follow-up question is understood by what was asked before, and both are kept", async () => {
    const bed = await openTestbed();
    const key = await bed.key("acme");
    await ingestTexts(bed, ownerScope("acme"), {
      "puffins.md": "# Puffin\n\nThe Atlantic Puffin breeds on Skomer. It lays a single egg.",
      "guillemots.md": "# Guillemot\n\nThe Common Guillemot breeds on Lundy. It lays one pointed egg.",
    });
    const ask = (query: string) => bed.send(key, "POST", "/v1/query", { query, session_id: "birds" });
    await ask("Where does the Common Guillemot breed?");
    const { body } = await ask("And what does it lay?");
    assert.equal(body.question, "And what does it lay?");
    assert.equal(body.sources[0].source, "guillemots.md");
    const messages = await bed.send(key, "GET", "/v1/sessions/birds/messages");
    assert.deepEqual(
      messages.body.messages.map(({ role }: Body) => role),
      ["user", "assistant", "user", "assistant"],
    );
    await bed.close();
  });

  test("what was said long ago is found by a question, beside what was asked for once and for all", async () => {
    const bed = await openTestbed();
    const key = await bed.key("acme");
    await bed.send(key, "POST", "/v1/sessions", { session_id: "long" });
    const say = (role: string, content: string) => ({ role, content });
    const chatter = Array.from({ length: 30 }, (_, at) => say(at % 2 ? "assistant" : "user", `Small talk ${at}.`));
    const messages = [
      say("user", "Always answer in metric units."),
      say("user", "My locker has the number 88."),
      say("assistant", "Noted."),
      ...chatter,
    ];
    await bed.send(key, "POST", "/v1/sessions/long/messages", { messages });
    const found = await bed.send(key, "POST", "/v1/sessions/long/search", { query: "Which locker is mine?" });
    assert.equal(found.status, 200);
    const { kind, results, standing, warnings } = found.body;
    assert.deepEqual([kind, results.length, results[0].sequence, warnings], ["fact", 10, 2, []]);
    assert.deepEqual([standing[0].sequence, standing[0].standing], [1, "instruction"]);
    const few = await bed.send(key, "POST", "/v1/sessions/long/search", { query: "locker", limit: 1 });
    assert.equal(few.body.results.length, 1);
    const [stranger, blank, missing] = await Promise.all([
      bed.send(await bed.key("other"), "POST", "/v1/sessions/long/search", { query: "locker" }),
      bed.send(key, "POST", "/v1/sessions/long/search", { query: " " }),
      bed.send(key, "POST", "/v1/sessions/none/search", { query: "locker" }),
    ]);
    assert.deepEqual([stranger.status, blank.status, missing.status], [404, 400, 404]);
    await bed.send(key, "DELETE", "/v1/sessions/long");
    assert.equal((await bed.send(key, "POST", "/v1/sessions/long/search", { query: "locker" })).status, 404);
    await bed.close();
  });

  test("a conversation is its owner's: others of the tenant neither see, read, write nor remove it", async () => {
    const bed = await openTestbed();
    const [ann, bob, owner] = await Promise.all([
      bed.key("acme", { principals: ["group:staff"] }),
      bed.key("acme", { principals: ["group:staff"] }),
      bed.key("acme"),
    ]);
    await bed.send(ann, "POST", "/v1/sessions", { session_id: "private" });
    await bed.send(ann, "POST", "/v1/sessions/private/messages", { messages: [{ role: "user", content: "hush" }] });
    const refused = [
      ["GET", "/v1/sessions/private", undefined, 404],
      ["GET", "/v1/sessions/private/messages", undefined, 404],
      ["DELETE", "/v1/sessions/private", undefined, 404],
      ["POST", "/v1/sessions/private/messages", { messages: [{ role: "user", content: "me too" }] }, 404],
      ["POST", "/v1/sessions", { session_id: "private" }, 409],
    ] as const;
    for (const [method, url, body, status] of refused) {
      const sent = await bed.send(bob, method, url, body);
      assert.equal(sent.status, status, `${method} ${url}`);
      assert.ok(!sent.text.includes("hush"));
    }
    const asked = await bed.send(bob, "POST", "/v1/query", { query: "hush?", session_id: "private" });
    assert.ok(asked.body.warnings.some(({ code }: Body) => code === "session_not_written"));
    const seenBy = async (key: string) => (await bed.send(key, "GET", "/v1/sessions")).body.sessions.length;
    assert.deepEqual([await seenBy(ann), await seenBy(bob), await seenBy(owner)], [1, 0, 1]);
    assert.equal((await bed.send(ann, "GET", "/v1/sessions/private/messages")).body.messages.length, 1);
    await bed.close();
  });

  test("an expired conversation is gone at once", async () => {
    let now = Date.parse("2026-01-01T00:00:00Z");
    const bed = await openTestbed({ now: () => now, flags: { session_ttl_days: 1 } });
    const key = await bed.key("acme");
    await bed.send(key, "POST", "/v1/sessions", { session_id: "s" });
    now += 24 * 3_600_000 - 1;
    assert.equal((await bed.send(key, "GET", "/v1/sessions/s")).status, 200);
    now += 1;
    assert.equal((await bed.send(key, "GET", "/v1/sessions/s")).status, 404);
    await bed.close();
  });
});
