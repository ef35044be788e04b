import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type Kill, paidWorld, type Program } from "./paid-world.test.fixture.ts";
import { mongoStandin } from "./testing/mongodb/standin.ts";

const script = fileURLToPath(new URL("./paid-ingest-child.test.fixture.js", import.meta.url));
const commandLine = fileURLToPath(new URL("./cli/bin.js", import.meta.url));

/** `HYBRIDRAG_KILLS` asks for more of them, for measuring. */
const kills = Number(process.env["HYBRIDRAG_KILLS"] ?? 4);
/** Enough of them to have been killed in every phase, few enough that work is left for the last. */
const countOf = (index: number, { kills, calls }: Attempts): number =>
  1 + ((index * 7) % Math.max(2, Math.floor(calls / kills)));

interface Attempts {
  readonly kills: number;
  readonly whom: Kill["whom"];
  readonly latencyMs?: number;
  /** At least so many are made, and so many texts and extractions paid for. */
  readonly calls: number;
  readonly work: number;
}

async function killAndCount(t: TestContext, attempts: Attempts, program: (folder: string) => Program): Promise<void> {
  const { folder, run, charged, paidAgain, charges } = await paidWorld(t, attempts.latencyMs ?? 15);
  const killed = program(folder);
  let kills = 0;
  for (let index = 0; index < attempts.kills; index++) {
    const at = index % 2 === 0 ? "call" : "answer";
    const kill: Kill = { at, count: countOf(index, attempts), delayMs: index % 4, whom: attempts.whom };
    if (!(await run(killed, kill)).isDone) kills++;
  }
  const last = await run(killed, null);
  assert.ok(last.isDone, last.told);
  assert.ok(kills >= Math.min(3, attempts.kills), `${kills} kills`);
  assert.ok(new Set(charged.map(({ what }) => what)).size >= attempts.work, `${charged.length} were paid for`);
  const again = paidAgain();
  const spent = Number(last.said) || null;
  t.diagnostic(
    `${kills} kills: of ${charged.length} paid texts and extractions ${again.length} were paid for again; ` +
      `charged $${charges().toFixed(6)}, booked ${spent === null ? "unknown" : `$${spent.toFixed(6)}`}`,
  );
  // What was set aside in the instant of a kill may stay booked; nothing that was charged is missing.
  assert.ok(spent === null || spent > charges() - 1e-9, `${charges()} was charged, ${spent} booked`);
  assert.equal(again.length, 0, `paid for again, answered so many ms before the kill: ${again.join(", ")}`);
}

/** Documents of one embedding and one extraction each. */
const documents = Math.max(80, 4 * kills);
const library = (environment: Program["environment"] = {}) => ({
  arguments: [script, "4", String(documents)],
  environment,
});
const ofLibrary = { calls: 1.4 * documents, work: 2 * documents };

test("an ingest that is killed asks for nothing again that it had asked for: no vector, no extraction", (t) =>
  killAndCount(t, { kills, whom: "process", ...ofLibrary }, () => library()));

test("nor when all processes of its group are killed with it", (t) =>
  killAndCount(t, { kills, whom: "group", ...ofLibrary }, () => library()));

test("nor on MongoDB", async (t) => {
  const mongodb = await mongoStandin({});
  t.after(() => mongodb.close());
  await killAndCount(t, { kills: Math.ceil(kills / 4), whom: "process", ...ofLibrary }, () =>
    library(mongodb.environment),
  );
});

test("nor from the command line, where calls are packed otherwise after the kill", (t) =>
  killAndCount(t, { kills, whom: "group", latencyMs: 60, calls: 40, work: 600 }, (folder) => {
    const documents = join(folder, "documents");
    mkdirSync(documents);
    // Three times what the calls hold that are under way at a kill, for those are made to their end.
    for (let pond = 0; pond < 120; pond++) {
      const days = Array.from({ length: 30 }, (_, day) => `On day ${day} pond ${pond} held ${pond * day} ducks. `);
      writeFileSync(join(documents, `pond-${pond}.md`), days.join("Herons of the Severn stood by, and rain fell. "));
    }
    return {
      arguments: [commandLine, "ingest", documents, "--no-batch"],
      environment: { HYBRIDRAG_EXTRACTOR: "model", HYBRIDRAG_RATE_LIMITS: '{"voyage/*":{"tokensPerMinute":4000000}}' },
    };
  }));
