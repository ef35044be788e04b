import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { voyageStandin } from "../testing/standins/voyage.ts";
import { program, programIn } from "./run-program.test.fixture.ts";

// What a killed process had begun, the server forgets after a minute; here after a second.
const transactionLifetimeMs = 1000;
const count = 40;
const texts = 3;

/** A folder of documents, a database and an embedder that counts; processes are those of the program. */
async function world(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-together-"));
  await mkdir(join(folder, "docs"));
  const sections = (bird: number): string =>
    Array.from({ length: texts }, (_, part) => `## Part ${part}\n\nThe heron ${bird} nests beside otter ${part}.`).join(
      "\n\n",
    );
  for (let bird = 0; bird < count; bird++)
    await writeFile(join(folder, "docs", `${bird}.md`), `# Bird ${bird}\n\n${sections(bird)}\n`);
  const [server, voyage] = await Promise.all([
    startMongoServer({ transactionLifetimeMs }),
    voyageStandin({ latencyMs: 100 }),
  ]);
  t.after(async () => {
    await Promise.all([server.close(), voyage.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  const environment = { ...server.environment, ...voyage.environment, HYBRIDRAG_EMBEDDER: "voyage" };
  const ingest = async (more: Record<string, string> = {}): Promise<Readonly<Record<string, number>>> => {
    const { code, out, err } = await programIn(folder)(["ingest", "docs", "--json"], "", { ...environment, ...more });
    assert.equal(code, 0, err);
    const { files } = JSON.parse(out) as { files: readonly { outcome: string }[] };
    return Object.fromEntries(
      [...Map.groupBy(files, ({ outcome }) => outcome)].map(([name, all]) => [name, all.length]),
    );
  };
  const started = () =>
    spawn(process.execPath, [program, "ingest", "docs"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...environment },
      stdio: "ignore",
    });
  const stored = async () => {
    const { out } = await programIn(folder)(["documents", "list", "--limit", "100", "--json"], "", environment);
    const { documents } = JSON.parse(out) as {
      documents: readonly { version: number; chunks: number; status: string }[];
    };
    return documents.map(({ version, chunks, status }) => `version ${version}, ${status}, ${chunks > 0}`);
  };
  const embedded = (): readonly string[] =>
    voyage.journal.flatMap(({ body }) => (body as { readonly input: readonly string[] }).input);
  const commits = (): number => server.journal.entries.filter(({ command }) => command === "commitTransaction").length;
  return { ingest, started, stored, embedded, commits };
}

const eachOnce = Array.from({ length: count }, () => "version 1, indexed, true");

test("two processes that ingest one folder at once read, embed and store each document once", async (t) => {
  const { ingest, stored, embedded } = await world(t);
  const [one, other] = await Promise.all([ingest(), ingest()]);
  const sum = (name: string): number => (one[name] ?? 0) + (other[name] ?? 0);
  assert.deepEqual([sum("indexed"), sum("unchanged")], [count, count], JSON.stringify([one, other]));
  assert.equal(new Set(embedded()).size, embedded().length, "nothing is embedded twice");
  assert.deepEqual(await stored(), eachOnce);
  assert.deepEqual(await ingest(), { unchanged: count });
});

/** A clock that is past every claim of a process that has died. */
const later = "data:text/javascript,const now = Date.now; Date.now = () => now() + 25_000;";

test("what a process that was killed had stored is kept, and what it had claimed is made by another", async (t) => {
  const { ingest, started, stored, embedded, commits } = await world(t);
  const first = started();
  while (commits() < count / 4) await setTimeout(2);
  first.kill("SIGKILL");
  await once(first, "exit");
  const before = embedded().length;
  const { indexed = 0, unchanged = 0 } = await ingest({ NODE_OPTIONS: `--import ${JSON.stringify(later)}` });
  assert.equal(indexed + unchanged, count);
  assert.ok(unchanged >= count / 4 && unchanged < count, `${unchanged} were kept`);
  assert.ok(embedded().length - before <= (count - unchanged) * (texts + 1), "only what was not stored is embedded");
  assert.deepEqual(await stored(), eachOnce);
});

test("of two processes one is killed, and the other makes all, after the claims of the first have ended", async (t) => {
  if (process.env["HYBRIDRAG_FULL"] !== "1") return t.skip("20 seconds, until claims end: set HYBRIDRAG_FULL=1");
  const { ingest, started, stored, commits } = await world(t);
  const first = started();
  const second = ingest();
  while (commits() < count / 4) await setTimeout(2);
  first.kill("SIGKILL");
  const { indexed = 0, unchanged = 0 } = await second;
  assert.equal(indexed + unchanged, count);
  assert.deepEqual(await stored(), eachOnce);
});
