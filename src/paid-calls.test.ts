import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { loadConfig, networkEnvironment } from "./config/config.ts";
import { openModels, type OpenedModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import type { CacheStore } from "./ports/cache-store.ts";
import type { Warning } from "./records.ts";
import { ownerScope } from "./scope.ts";
import { openMemoryStore } from "./testing/memory-store.ts";
import {
  anthropicStandin,
  geminiStandin,
  openaiStandin,
  type Standin,
  type StandinOptions,
  voyageStandin,
} from "./testing/standins/index.ts";
import type { Fault } from "./testing/standins/fault.ts";
import { tenantContext } from "./wrap/tenant-context.ts";

const scope = ownerScope("t");
/** Told of each call that arrives at a stand-in. */
let onArrival: () => void = () => undefined;
const slow: StandinOptions = {
  latencyMs: () => {
    onArrival();
    return 150;
  },
};
let standins: Readonly<Record<"voyage" | "anthropic" | "openai" | "gemini", Standin>>;

before(async () => {
  const [voyage, anthropic, openai, gemini] = await Promise.all([
    voyageStandin(slow),
    anthropicStandin(slow),
    openaiStandin(slow),
    geminiStandin(slow),
  ]);
  standins = { voyage, anthropic, openai, gemini };
});
after(() => Promise.all(Object.values(standins).map((standin) => standin.close())));

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-calls-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "paid-answers");
}

/** Of those that the list of prices does not have. */
const prices = JSON.stringify(
  Object.fromEntries(
    [
      "voyage/voyage-context-4",
      "openai/text-embedding-3-small",
      "openai/gpt-5-mini",
      "gemini/gemini-embedding-001",
      "gemini/gemini-3-flash",
    ].map((model) => [model, { input: 1, output: 4 }]),
  ),
);

interface World {
  readonly folder: string;
  readonly caches: CacheStore;
  readonly purpose?: "ingest" | "any";
}

async function open(settings: Readonly<Record<string, string>>, { folder, caches, purpose = "ingest" }: World) {
  const environment = Object.assign(
    { HYBRIDRAG_PRICES: prices },
    ...Object.values(standins).map((one) => one.environment),
    settings,
  );
  const { config } = loadConfig({ environment, directory: tmpdir() });
  const tenants = tenantContext();
  return openModels(config, {
    secrets: openSecrets(config, fetch),
    fetch,
    caches: () => caches,
    scope: () => tenants.current() ?? scope,
    run: "r",
    journal: folder,
    courier: { environment: networkEnvironment(), within: tenants.run, isWanted: () => purpose === "ingest" },
  });
}

/** Polls, because nobody is told of an answer that nobody waits for. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; !(await isTrue()); await turn())
    if (performance.now() > end) throw new Error("it never came");
}

async function codes(warnings: AsyncIterable<Warning>): Promise<readonly string[]> {
  const all = [];
  for await (const { code } of warnings) all.push(code);
  return all;
}

type Ask = (models: OpenedModels, signal?: AbortSignal) => Promise<unknown>;
const embed: Ask = ({ embedder }, signal) => embedder!.embed(["ducks", "herons"], { kind: "document", signal });
const embedTogether: Ask = ({ embedder }, signal) =>
  embedder!.embed(["They swim.", "Ducks eat weed."], { kind: "document", together: true, signal });
const extract: Ask = ({ assistant }, signal) =>
  assistant!.generateObject({
    system: "List names.",
    messages: [{ role: "user", content: "Ada met Grace." }],
    maxOutputTokens: 500,
    schema: {
      type: "object",
      properties: { names: { type: "array", items: { type: "string" } } },
      required: ["names"],
      additionalProperties: false,
    },
    name: "names",
    signal,
  });

const asked: readonly (readonly [keyof typeof standins, string, Readonly<Record<string, string>>, Ask])[] = [
  ["voyage", "vectors", { HYBRIDRAG_EMBEDDER: "voyage" }, embed],
  ["voyage", "vectors read together", { HYBRIDRAG_EMBEDDER: "voyage:voyage-context-4" }, embedTogether],
  ["openai", "vectors", { HYBRIDRAG_EMBEDDER: "openai:text-embedding-3-small" }, embed],
  ["gemini", "vectors", { HYBRIDRAG_EMBEDDER: "gemini" }, embed],
  ["anthropic", "an extraction", { HYBRIDRAG_LANGUAGE_MODEL: "anthropic" }, extract],
  ["openai", "an extraction", { HYBRIDRAG_LANGUAGE_MODEL: "openai" }, extract],
  ["gemini", "an extraction", { HYBRIDRAG_LANGUAGE_MODEL: "gemini" }, extract],
];

/** Asks, and stops waiting when the call has arrived at the provider. */
async function askAndLeave(ask: Ask, models: OpenedModels): Promise<void> {
  const quit = new AbortController();
  onArrival = () => quit.abort(new Error("enough"));
  await assert.rejects(ask(models, quit.signal), /enough/);
  onArrival = () => undefined;
}

for (const [provider, what, settings, ask] of asked)
  describe(`${what} of ${provider}`, () => {
    const world = (t: TestContext): World => ({ folder: folderOf(t), caches: openMemoryStore().caches });
    const calls = (): number => standins[provider].journal.length;
    const whole = async (t: TestContext): Promise<number> => {
      const models = await open(settings, world(t));
      await ask(models);
      await models.paidCalls!.close();
      return (await models.ledger.spent()).tenant;
    };

    test("that nobody waits for any more are kept when they come, and booked once", async (t) => {
      const price = await whole(t);
      const models = await open(settings, world(t));
      const before = calls();
      await askAndLeave(ask, models);
      assert.notEqual(price, 0);
      assert.notEqual((await models.ledger.spent()).tenant, 0, "what may be charged stays set aside");
      await until(async () => (await models.ledger.spent()).tenant === price);
      await ask(models);
      assert.equal(calls(), before + 1);
      await models.paidCalls!.close();
    });

    test("that come when the process has ended are waited for and used by the next one, and booked once", async (t) => {
      const price = await whole(t);
      const shared = world(t);
      const first = await open(settings, shared);
      const before = calls();
      await askAndLeave(ask, first);
      await first.paidCalls!.close();
      const second = await open(settings, shared);
      const told = await codes(second.paidCalls!.earlier());
      assert.deepEqual(told, ["earlier_calls_under_way", "earlier_answers_kept"]);
      assert.equal((await second.ledger.spent()).tenant, price);
      await ask(second);
      assert.equal(calls(), before + 1);
      assert.equal((await second.ledger.spent()).tenant, price);
      assert.deepEqual(await codes(second.paidCalls!.earlier()), []);
    });
  });

test("what a refused call had set aside is given back by the next process", async (t) => {
  const shared = { folder: folderOf(t), caches: openMemoryStore().caches };
  const first = await open({}, shared);
  standins.voyage.faults.add({ kind: "status", status: 500 });
  await askAndLeave(embed, first);
  await first.paidCalls!.close();
  const second = await open({}, shared);
  const told = await codes(second.paidCalls!.earlier());
  assert.deepEqual(told, ["earlier_calls_under_way"]);
  assert.equal((await second.ledger.spent()).tenant, 0);
});

test("a model that is no longer set leaves its answers for a process that can read them", async (t) => {
  const shared = { folder: folderOf(t), caches: openMemoryStore().caches };
  const voyage = { HYBRIDRAG_EMBEDDER: "voyage" };
  const first = await open(voyage, shared);
  await askAndLeave(embed, first);
  await first.paidCalls!.close();
  const other = await open({ HYBRIDRAG_EMBEDDER: "gemini" }, shared);
  assert.deepEqual(await codes(other.paidCalls!.earlier()), ["earlier_calls_under_way"]);
  const again = await open(voyage, shared);
  assert.deepEqual(await codes(again.paidCalls!.earlier()), ["earlier_answers_kept"]);
});

const faults: readonly Fault[] = [
  { kind: "status", status: 429, retryAfterSeconds: 0 },
  { kind: "status", status: 500 },
  { kind: "reset" },
  { kind: "cut", bytes: 20 },
  { kind: "malformed" },
];
for (const fault of faults)
  test(`a fault of the provider is survived: ${JSON.stringify(fault)}`, async (t) => {
    const models = await open({}, { folder: folderOf(t), caches: openMemoryStore().caches });
    standins.voyage.faults.add(fault);
    const before = standins.voyage.journal.length;
    await embed(models);
    assert.equal(standins.voyage.journal.length, before + 2);
    await models.paidCalls!.close();
  });

test("a key that is refused is told as such", async (t) => {
  const world = { folder: folderOf(t), caches: openMemoryStore().caches };
  const models = await open({ VOYAGE_API_KEY: "pa-this-is-none-of-theirs" }, world);
  await assert.rejects(embed(models), { code: "invalid_config", message: /VOYAGE_API_KEY \(HTTP 401\)/ });
  await models.paidCalls!.close();
});

test("queries start no process", async (t) => {
  const folder = folderOf(t);
  const models = await open({}, { folder, caches: openMemoryStore().caches, purpose: "any" });
  await Promise.all([embed(models), extract(models)]);
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.endsWith(".journal")),
    [],
  );
});

test("where no process can be started, this one makes the calls and says so", async (t) => {
  const folder = folderOf(t);
  writeFileSync(folder, "a file");
  const models = await open({}, { folder, caches: openMemoryStore().caches });
  await embed(models);
  assert.deepEqual(
    models.paidCalls!.notices().map(({ code }) => code),
    ["courier_missing"],
  );
});

const courierIn = (folder: string): number =>
  Number(
    readdirSync(folder)
      .find((name) => name.endsWith(".courier"))!
      .split(".")
      .at(-4),
  );

test("when the process that makes the calls is killed, another makes them", async (t) => {
  const folder = folderOf(t);
  const models = await open({}, { folder, caches: openMemoryStore().caches });
  const killed: number[] = [];
  onArrival = () => {
    onArrival = () => undefined;
    killed.push(courierIn(folder));
    process.kill(killed[0]!, "SIGKILL");
  };
  await embed(models);
  assert.equal(killed.length, 1);
  await models.paidCalls!.close();
});

/** The process may take a file away between our seeing and our reading it. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

test("keys are in no argument, environment or file of that process", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux shows what a process was started with");
  const folder = folderOf(t);
  const models = await open({}, { folder, caches: openMemoryStore().caches });
  let seen = "";
  onArrival = () => {
    const pid = courierIn(folder);
    seen += ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8")).join();
  };
  await Promise.all([embed(models), extract(models)]);
  onArrival = () => undefined;
  await askAndLeave(embed, await open({}, { folder, caches: openMemoryStore().caches }));
  await models.paidCalls!.close();
  for (const name of readdirSync(folder)) seen += textOf(join(folder, name));
  assert.match(seen, /courier of paid calls/);
  for (const { environment } of Object.values(standins))
    for (const [name, value] of Object.entries(environment))
      if (name.endsWith("_KEY")) assert.ok(!seen.includes(value), name);
});
