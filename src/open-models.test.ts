import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import { openModels, type OpenedModels } from "./open-models.ts";
import { openSecretFile, openSecrets } from "./open-secrets.ts";
import type { CacheStore } from "./ports/cache-store.ts";
import { ownerScope } from "./scope.ts";
import { Secret } from "./secret.ts";
import { newFernetKey } from "./secrets/index.ts";
import { openMemoryStore } from "./testing/memory-store.ts";
import { tenantContext } from "./wrap/tenant-context.ts";
import { anthropicStandin, gcpSecretsStandin, type Standin, voyageStandin } from "./testing/standins/index.ts";

type Environment = Readonly<Record<string, string>>;

async function withStandins(
  use: (environment: Environment, voyage: Standin, anthropic: Standin) => Promise<void>,
): Promise<void> {
  const [voyage, anthropic] = [await voyageStandin(), await anthropicStandin()];
  try {
    await use({ ...voyage.environment, ...anthropic.environment }, voyage, anthropic);
  } finally {
    await Promise.all([voyage.close(), anthropic.close()]);
  }
}

function open(
  environment: Environment,
  caches: CacheStore = openMemoryStore().caches,
  run = "r",
): Promise<OpenedModels> {
  const { config } = loadConfig({ environment, directory: tmpdir() });
  const fetch = globalThis.fetch;
  const secrets = openSecrets(config, fetch);
  return openModels(config, { secrets, fetch, caches: () => caches, scope: () => ownerScope(config.tenant), run });
}

const texts = Array.from({ length: 30 }, (_, i) =>
  `Passage ${i} tells of duck number ${i} and of pond ${i % 7}. `.repeat(20),
);
const embedAll = ({ embedder }: OpenedModels) => embedder!.embed(texts, { kind: "document" });
const paidTokens = (standin: Standin): number =>
  standin.journal.reduce((sum, { status, tokens }) => sum + (status === 200 ? tokens : 0), 0);

test("without keys nothing is opened; with keys Voyage and Anthropic are", async () => {
  const none = await open({});
  assert.deepEqual([none.embedder, none.reranker, none.model, none.assistant], [null, null, null, null]);
  await withStandins(async (environment) => {
    const { embedder, reranker, model, assistant } = await open(environment);
    assert.deepEqual(
      [embedder?.fingerprint, reranker?.model, model?.model, assistant?.model],
      ["voyage/voyage-4-large@1024", "rerank-2.5", "claude-sonnet-5-5", "claude-haiku-5-5"],
    );
  });
});

test("a model that is named needs its key, and says which setting and where to get it", async () => {
  for (const [setting, named] of [
    ["HYBRIDRAG_EMBEDDER", "voyage"],
    ["HYBRIDRAG_RERANKER", "voyage"],
    ["HYBRIDRAG_LANGUAGE_MODEL", "anthropic"],
    ["HYBRIDRAG_LANGUAGE_MODEL", "openai"],
    ["HYBRIDRAG_EMBEDDER", "gemini"],
  ] as const)
    await assert.rejects(
      open({ [setting]: named }),
      (error: HybridRAGError) => error.code === "invalid_config" && /_API_KEY.*https:/.test(error.message),
    );
  await assert.rejects(open({ HYBRIDRAG_EMBEDDER: "cohere" }), /HYBRIDRAG_EMBEDDER names "cohere"/);
});

test("a model that a provider does not have fails a run once, and a provider that is unknown says which there are", () =>
  withStandins(async (environment) => {
    const { embedder, reranker } = await open({
      ...environment,
      HYBRIDRAG_EMBEDDER: "voyage:voyage-9",
      HYBRIDRAG_RERANKER: "voyage:rerank-9",
    });
    const unknown = { code: "invalid_config", message: /check the model's name.*voyage-4-large|rerank-2\.5/ };
    await assert.rejects(embedder!.embed(["x"], { kind: "document" }), unknown);
    await assert.rejects(reranker!.rerank("x", ["y"], { limit: 1 }), unknown);
    await assert.rejects(open({ ...environment, HYBRIDRAG_EMBEDDER: "cohere" }), /auto, local, voyage, openai, gemini/);
  }));

test("a model that ends soon is announced with its day", () =>
  withStandins(async (environment) => {
    const { notices } = await open({ ...environment, HYBRIDRAG_LANGUAGE_MODEL: "anthropic:claude-sonnet-4-5" });
    assert.match(notices.map(({ message }) => message).join(), /claude-sonnet-4-5.*2026-11-30/);
  }));

test("what was paid is in the ledger, once, whatever faults came between", () =>
  withStandins(async (environment, voyage) => {
    voyage.faults.add(
      { kind: "status", status: 500 },
      { kind: "status", status: 429, retryAfterSeconds: 0 },
      { kind: "reset" },
    );
    const models = await open(environment);
    await embedAll(models);
    const { run } = await models.ledger.spent();
    assert.ok(Math.abs(run - (paidTokens(voyage) * 0.12) / 1e6) < 1e-8);
    assert.equal(voyage.journal.filter(({ status }) => status === 200).length, 1);
  }));

test("a run stops before the call that would pass its budget, and is resumed without paying twice", () =>
  withStandins(async (environment, voyage) => {
    const { caches } = openMemoryStore();
    // One text a call: each costs about a hundredth of a cent.
    const tight = { ...environment, HYBRIDRAG_RATE_LIMITS: '{"voyage/*":{"parallel":1}}' };
    const ask = (models: OpenedModels, index: number) => models.embedder!.embed([texts[index]!], { kind: "document" });
    const first = await open({ ...tight, HYBRIDRAG_BUDGET_USD_PER_RUN: "0.0005" }, caches);
    let done = 0;
    await assert.rejects(
      async () => {
        for (; done < texts.length; done++) await ask(first, done);
      },
      { code: "budget_exceeded" },
    );
    assert.ok(done > 2 && done < texts.length, String(done));
    assert.ok((await first.ledger.spent()).run <= 0.0005);
    assert.equal(voyage.journal.length, done, "the call that would pass the budget was not sent");

    const second = await open({ ...tight, HYBRIDRAG_BUDGET_USD_PER_RUN: "1" }, caches, "r2");
    await embedAll(second);
    const sent = voyage.journal.flatMap(({ body }) => (body as { input: string[] }).input);
    assert.equal(sent.length, texts.length);
    assert.equal(new Set(sent).size, texts.length);
  }));

test("keys come from the encrypted file or a secret manager when the environment has none", () =>
  withStandins(async ({ VOYAGE_API_KEY: key = "", ...environment }, voyage) => {
    const folder = await mkdtemp(join(tmpdir(), "open-models-"));
    const gcp = await gcpSecretsStandin({ secrets: { VOYAGE_API_KEY: key } });
    try {
      const withFile = { ...environment, ENCRYPTION_KEY: newFernetKey(), HYBRIDRAG_DATA_DIR: folder };
      await openSecretFile(loadConfig({ environment: withFile, directory: folder }).config).set(
        "VOYAGE_API_KEY",
        new Secret(key),
      );
      for (const settings of [withFile, { ...environment, ...gcp.environment }]) {
        const { embedder } = await open(settings);
        assert.equal((await embedder?.embed([texts[0]!], { kind: "query" }))?.vectors.length, 1);
      }
      assert.equal(voyage.journal.length, 2);
    } finally {
      await gcp.close();
      await rm(folder, { recursive: true });
    }
  }));

test("prices and limits of one's own replace the listed ones, and a wrong one is refused by name", async () => {
  const { prices } = await open({ HYBRIDRAG_PRICES: '{"voyage/voyage-9":{"input":3}}' });
  assert.equal(prices.models["voyage/voyage-9"]?.input, 3);
  for (const wrong of ["{", '{"a":{"input":-1}}', '{"a":{"inptu":1}}'])
    await assert.rejects(async () => open({ HYBRIDRAG_PRICES: wrong }), /HYBRIDRAG_PRICES/);
});

test("no secret is in any error of a provider that refuses its key", () =>
  withStandins(async (environment, voyage, anthropic) => {
    const wrong = "pa-wrongwrongwrongwrong12345";
    const models = await open({ ...environment, VOYAGE_API_KEY: wrong });
    await assert.rejects(embedAll(models), (error: HybridRAGError) => {
      const text = JSON.stringify([error, error.message, error.stack, String(error.cause)]);
      return /VOYAGE_API_KEY/.test(text) && ![wrong, voyage.key, anthropic.key].some((secret) => text.includes(secret));
    });
  }));

test("a day's budget belongs to a tenant: one that has spent its own does not stop another", () =>
  withStandins(async (environment) => {
    const tenants = tenantContext();
    const { caches } = openMemoryStore();
    const { config } = loadConfig({
      environment: { ...environment, HYBRIDRAG_BUDGET_USD_PER_DAY: "0.0001" },
      directory: tmpdir(),
    });
    const fetch = globalThis.fetch;
    const scope = () => tenants.current() ?? ownerScope("none");
    const secrets = openSecrets(config, fetch);
    const { embedder } = await openModels(config, { secrets, fetch, caches: () => caches, scope, run: "r" });
    const ask = (tenant: string, text: string) =>
      tenants.run(ownerScope(tenant), () => embedder!.embed([text], { kind: "document" }));
    await ask("a", texts[0]!);
    await assert.rejects(
      async () => {
        for (const text of texts) await ask("a", text);
      },
      { code: "budget_exceeded" },
    );
    await ask("b", texts[0]!);
  }));
