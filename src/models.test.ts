import assert from "node:assert/strict";
import { test } from "node:test";
import { breaker, guardModel, guards, openaiModel, retry, systemClock } from "./models.ts";
import { Secret } from "./secret.ts";
import { openaiStandin } from "./testing/standins/index.ts";

test("a pipeline of one's own: an adapter with the guards it needs", async () => {
  const standin = await openaiStandin();
  try {
    const bare = openaiModel({ apiKey: new Secret(standin.key), baseUrl: standin.url, fetch: globalThis.fetch });
    const clock = systemClock;
    const model = guardModel(bare, guards(retry({ clock, random: () => 0, deadlineMs: 5000 }), breaker({ clock })));
    standin.faults.add({ kind: "status", status: 500 });
    const parts = [];
    const request = { system: "", messages: [{ role: "user" as const, content: "Hello?" }], maxOutputTokens: 50 };
    for await (const part of model.stream(request)) parts.push(part.type);
    assert.equal(parts.at(-1), "finish");
    assert.deepEqual(
      standin.journal.map(({ status }) => status),
      [500, 200],
    );
  } finally {
    await standin.close();
  }
});
