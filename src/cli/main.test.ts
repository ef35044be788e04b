import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { program, programIn } from "./run-program.test.fixture.ts";

const folder = await mkdtemp(join(tmpdir(), "hybridrag-cli-"));
after(() => rm(folder, { recursive: true, force: true }));
await mkdir(join(folder, "notes"));
await writeFile(
  join(folder, "notes", "storks.md"),
  "---\ncolour: white\n---\n# Storks\n\nStorks nest on roofs. They leave in August.\n",
);
await writeFile(join(folder, "notes", "bread.txt"), "Bread is baked from flour.");

const run = programIn(folder);

test("ingests, searches, answers and deletes; --json prints one document on stdout", async () => {
  const first = JSON.parse((await run(["ingest", "notes", "--json"])).out);
  assert.deepEqual(
    [first.documents, first.files.map((file: { outcome: string }) => file.outcome)],
    [2, ["indexed", "indexed"]],
  );
  assert.match((await run(["ingest", "notes"])).out, /^2 unchanged: 0 chunks/);

  const found = JSON.parse((await run(["search", "stork nests", "--mode", "text", "--json"])).out);
  assert.equal(found.results[0].title, "Storks");
  assert.ok(!found.results[0].content.includes("colour"));

  const asked = JSON.parse((await run(["ask", "When do storks leave?", "--mode", "text", "--json"])).out);
  const document = asked.citations[0].document_id as string;
  const { text: stored } = JSON.parse((await run(["documents", "show", document, "--json"])).out);
  for (const { start, end, quote } of asked.citations) assert.equal(stored.slice(start, end), quote);
  assert.match(
    (await run(["ask", "When do storks leave?", "--mode", "text"])).out,
    /\[1\] Storks \(notes\/storks\.md, characters/,
  );

  assert.equal((await run(["documents", "delete", document])).code, 0);
  assert.equal(JSON.parse((await run(["documents", "list", "--json"])).out).documents.length, 1);
});

test("edits the graph, and takes it back", async () => {
  const args = ["--data", "edited", "--json"];
  await run(["ingest", "-", "--title", "Grey Heron", ...args], "The Grey Heron lives in Stork Town.");
  const { code, out } = await run(["graph", "rename", "the grey heron", "Ardea", ...args]);
  const made = JSON.parse(out);
  assert.deepEqual([code, made.kind, made.into, made.actor], [0, "rename", "ardea", "owner"]);
  const shown = JSON.parse((await run(["graph", "show", "grey heron", ...args])).out);
  assert.deepEqual([shown.entity.name, shown.entity.aliases], ["Ardea", ["Grey Heron"]]);
  const unknown = await run(["graph", "merge", "Stork Tawn", "Ardea", ...args]);
  assert.deepEqual([unknown.code, /nearest names are: Stork Town/.test(unknown.err)], [1, true]);
  assert.match((await run(["graph", "undo", made.edit_id, "--data", "edited"])).out, /renamed .* · undone/);
  const { edits, next } = JSON.parse((await run(["graph", "edits", ...args])).out);
  assert.deepEqual([edits.length, edits[0].undone.actor, next], [1, "owner", null]);
});

test("standard input is a document, one for each title", async () => {
  const args = ["ingest", "-", "--data", "stdin", "--title"];
  await run([...args, "One"], "The first text.");
  await run([...args, "Two"], "The second text.");
  const { out } = await run(["documents", "list", "--data", "stdin", "--json"]);
  assert.deepEqual(
    JSON.parse(out)
      .documents.map(({ title }: { title: string }) => title)
      .toSorted(),
    ["One", "Two"],
  );
});

test("exit codes tell usage from failure, and messages go to stderr", async () => {
  const wrong: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [2, /Usage: hybridrag/, []],
    [2, /unknown command 'foo'/, ["foo"]],
    [2, /unknown option '--foo'/, ["search", "x", "--foo"]],
    [2, /at \/query: the query is empty/, ["search", " "]],
    [2, /at \/top_k/, ["search", "x", "--top-k", "101"]],
    [2, /at \/filters\/metadata\.x\/\$foo/, ["search", "x", "--filters", '{"metadata.x":{"$foo":1}}']],
    [2, /HYBRIDRAG_TOP_K/, ["config"]],
    [1, /nothing in this data folder/, ["search", "x", "--data", "nowhere"]],
    [1, /missing\.txt does not exist/, ["ingest", "missing.txt"]],
    [2, /embedded engine keeps its indexes by itself/, ["indexes", "plan"]],
    [1, /There is no index before this one/, ["indexes", "rollback", "--data", "unused"]],
  ];
  const runs = await Promise.all(
    wrong.map(([, , args]) => run(args, "", args[0] === "config" ? { HYBRIDRAG_TOP_K: "999" } : {})),
  );
  for (const [index, [code, message, args]] of wrong.entries()) {
    assert.deepEqual([runs[index]!.code, args], [code, args]);
    assert.match(runs[index]!.err, message);
  }
});

test("a reader that closes early is no error", async () => {
  const child = spawn(process.execPath, [program, "config"], { cwd: folder, env: { PATH: process.env["PATH"] } });
  child.stdout.destroy();
  const [[code], err] = await Promise.all([once(child, "close"), text(child.stderr)]);
  assert.deepEqual([code, err], [0, ""]);
});

test("a misspelt setting of the environment is said on stderr and stops nothing", async () => {
  const { code, out, err } = await run(["config", "--json"], "", { HYBRIDRAG_TOPK: "3" });
  assert.equal(code, 0);
  assert.doesNotThrow(() => JSON.parse(out));
  assert.match(err, /HYBRIDRAG_TOPK is no setting and does nothing\. Did you mean HYBRIDRAG_TOP_K\?/);
});

test("a fault in --filters has the same path in every command, in the sentence and in the details", async () => {
  for (const command of [
    ["search", "storks"],
    ["documents", "list"],
  ]) {
    const { code, out, err } = await run([...command, "--filters", '{"category": "x"}', "--json"]);
    assert.equal(code, 2);
    assert.match(`${out}${err}`, /wrong at \/filters\/category:/);
    assert.match(`${out}${err}`, /"path": ?"\/filters\/category"/);
  }
});
