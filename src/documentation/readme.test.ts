import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildProgram } from "../cli/main.ts";
import { openTerminal } from "../cli/terminal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");

const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "gmu"))].map((block) => block[1]!);

test("the library example runs as it stands, in a project that depends on the package", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-readme-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), "{}");
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules", "hybridrag"), "dir");
  await mkdir(join(folder, "notes"));
  await writeFile(join(folder, "notes", "gauge.md"), "# Tide gauge\n\nThe tide gauge was installed in 1991.\n");
  const [example = ""] = blocks("ts");
  await writeFile(join(folder, "example.mjs"), example);
  const run = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
  assert.match(run.stdout, /^indexed .*gauge\.md\n/);
  assert.match(run.stdout, /The tide gauge was installed in 1991\. \[1\]/);
});

test("every command in the README is one, with options that it has", () => {
  const program = buildProgram({ terminal: openTerminal({}), signal: new AbortController().signal, exitCode: 0 });
  const lines = blocks("sh").flatMap((block) => block.split("\n"));
  const calls = lines.flatMap((line) => /^npx hybridrag (.*?)(?:\s+#.*)?$/u.exec(line)?.[1] ?? []);
  assert.ok(calls.length >= 4);
  for (const call of calls) {
    const [name, ...words] = call.split(" ");
    const command = program.commands.find((one) => one.name() === name);
    assert.ok(command, `${name} is no command`);
    const known = new Set(command.options.map((option) => option.long));
    for (const word of words) if (word.startsWith("--")) assert.ok(known.has(word), `${name} has no ${word}`);
  }
});

test("the pages name every folder of the code, and every page that is referred to is there", async () => {
  const architecture = await readFile(join(root, "ARCHITECTURE.md"), "utf8");
  const entries = await readdir(join(root, "src"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `\`${name}/`);
  assert.deepEqual(
    folders.filter((folder) => !architecture.includes(folder)),
    [],
  );
  const sources = await readdir(join(root, "src"), { recursive: true });
  const code = await Promise.all(
    sources.filter((path) => path.endsWith(".ts")).map((path) => readFile(join(root, "src", path), "utf8")),
  );
  const decisions = code.flatMap((file) => file.match(/docs\/decisions\/[\w-]+\.md/gu) ?? []);
  const links = [...readme.matchAll(/\]\(([\w./-]+)\)/gu)].map((link) => link[1]!);
  assert.deepEqual(
    [...decisions, ...links].filter((path) => !existsSync(join(root, path))),
    [],
  );
});
