import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { loadConfig } from "./config/config.ts";
import { openModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import { expandQuery } from "./query/expand.ts";
import { ownerScope } from "./scope.ts";
import { openMemoryStore } from "./testing/memory-store.ts";
import { anthropicStandin, geminiStandin, openaiStandin } from "./testing/standins/index.ts";

const question = "When did the engineer Ada Lovelace write to Charles Babbage about the Analytical Engine?";

for (const [name, start] of [
  ["anthropic", anthropicStandin],
  ["openai", openaiStandin],
  ["gemini", geminiStandin],
] as const)
  test(`${name}: every way to expand a question is one call whose answer makes searches; the same question costs none`, async (t) => {
    const standin = await start();
    t.after(() => standin.close());
    const environment = { ...standin.environment, HYBRIDRAG_LANGUAGE_MODEL: name };
    const { config } = loadConfig({ environment, directory: tmpdir() });
    assert.equal(config.query_expansion, "none");
    const { caches } = openMemoryStore();
    const around = { secrets: openSecrets(config, fetch), fetch, caches: () => caches };
    const { assistant } = await openModels(config, { ...around, scope: () => ownerScope("t"), run: "r" });
    for (const expansion of ["multi-query", "hyde", "decompose"] as const) {
      const { queries, usage } = await expandQuery(assistant!, question, expansion);
      assert.ok(queries.length > 0 && queries.length <= 4, `${expansion}: ${queries.length}`);
      assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0);
      assert.deepEqual((await expandQuery(assistant!, question, expansion)).queries, queries);
    }
    assert.equal(standin.journal.length, 3);
  });
