import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { programIn } from "./run-program.test.fixture.ts";

const folder = await mkdtemp(join(tmpdir(), "hybridrag-talk-"));
after(() => rm(folder, { recursive: true, force: true }));
await writeFile(join(folder, "storks.md"), "# Storks\n\nStorks nest on roofs. They leave in August.\n");

const run = programIn(folder);

test("a chat answers each line, remembers it all, and goes on after a question that is refused", async () => {
  await run(["ingest", "storks.md"]);
  const questions = `Where do storks nest?\n\n${"x".repeat(10_001)}\nWhen do they leave?\n/quit\nNever asked?\n`;
  const talk = await run(["chat", "--session", "talk-1"], questions);
  assert.equal(talk.code, 0);
  assert.match(talk.out, /Storks nest on roofs/);
  assert.match(talk.err, /10,?000/);

  const shown = JSON.parse((await run(["sessions", "show", "talk-1", "--json"])).out);
  assert.deepEqual(
    shown.messages.map(({ sequence, role }: { sequence: number; role: string }) => `${sequence} ${role}`),
    ["1 user", "2 assistant", "3 user", "4 assistant"],
  );
  assert.equal(shown.messages[2].content, "When do they leave?");
  const listed = JSON.parse((await run(["sessions", "list", "--json"])).out);
  assert.deepEqual(
    listed.sessions.map(({ session_id: id }: { session_id: string }) => id),
    ["talk-1"],
  );
  assert.equal((await run(["sessions", "delete", "talk-1"])).code, 0);
  const gone = await run(["sessions", "show", "talk-1"]);
  assert.deepEqual([gone.code, /hybridrag sessions list/.test(gone.err)], [1, true]);
});

test("an agent's memories are kept, found, replaced and forgotten", async () => {
  const kept = JSON.parse(
    (await run(["memory", "add", "guide", "Ann likes storks.", "--importance", "0.9", "--json"])).out,
  );
  await run(["memory", "add", "guide", "The roof was mended in May.", "--id", "roof"]);
  await run(["memory", "add", "guide", "The roof was mended in June.", "--id", "roof"]);
  const found = JSON.parse((await run(["memory", "search", "guide", "storks", "--json"])).out);
  assert.equal(found.memories[0].memory_id, kept.memory_id);
  const listed = await run(["memory", "list", "guide"]);
  assert.match(listed.out, /June/);
  assert.doesNotMatch(listed.out, /May/);
  assert.match((await run(["memory", "list", "somebody"])).err, /remembers nothing/);
  assert.equal((await run(["memory", "delete", "guide", "roof"])).code, 0);
  assert.equal((await run(["memory", "delete", "guide", "roof"])).code, 1);
  const wrong = await run(["memory", "add", "guide", "x", "--importance", "2"]);
  assert.deepEqual([wrong.code, /0 to 1/.test(wrong.err)], [2, true]);
});
