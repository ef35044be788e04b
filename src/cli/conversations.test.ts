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

test("a dialogue is imported, and what was said in it is found by who said it and when", async () => {
  const said = (speaker: string, content: string, day: string) =>
    JSON.stringify({ content, metadata: { speaker, timestamp: `${day}T10:00:00Z`, session: day } });
  const dialogue = [
    said("Ann", "What have you been up to?", "2026-01-10"),
    said("Ben", "I adopted a grey cat named Pepper.", "2026-01-10"),
    said("Ann", "I adopted a cat as well, a black one.", "2026-03-02"),
    said("Ben", "Lovely!", "2026-03-02"),
  ];
  await writeFile(join(folder, "dialogue.jsonl"), dialogue.join("\n"));
  const imported = await run(["sessions", "import", "friends", "dialogue.jsonl", "--json"]);
  assert.deepEqual(JSON.parse(imported.out), { session_id: "friends", imported: 4, messages: 4 });
  const ask = async (question: string) =>
    JSON.parse((await run(["sessions", "search", "friends", question, "--json"])).out);
  const pepper = await ask("Who is Pepper?");
  assert.deepEqual([pepper.kind, pepper.results[0].sequence, pepper.warnings], ["fact", 2, []]);
  assert.equal((await ask("Which cat did Ann adopt in March?")).results[0].sequence, 3);
  assert.match((await run(["sessions", "search", "friends", "cat", "--top-k", "1"])).out, /Ann|Ben/);

  await writeFile(join(folder, "wrong.jsonl"), `${dialogue[0]}\n{"text": "x"}\n`);
  const wrong = await run(["sessions", "import", "friends", "wrong.jsonl"]);
  assert.deepEqual([wrong.code, /line 2 is no message/.test(wrong.err)], [2, true]);
  assert.equal((await run(["sessions", "import", "friends", "none.jsonl"])).code, 2);
  assert.equal((await run(["sessions", "search", "nobody", "cat"])).code, 1);
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
