import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, networkEnvironment } from "./config/config.ts";
import { modelExtractor } from "./graph/model-extractor.ts";
import { ingest } from "./ingest/ingest.ts";
import { loadPool } from "./ingest/load/load-pool.ts";
import { openModels } from "./open-models.ts";
import { openSecrets } from "./open-secrets.ts";
import { openStore } from "./open-store.ts";
import { ownerScope } from "./scope.ts";
import { tenantContext } from "./wrap/tenant-context.ts";
import { namelessExtractor } from "./ingest/nameless-extractor.test.fixture.ts";

/** Ingests with a paid embedder in small calls and a model that extracts; the parent ends it at any moment. */
const [parallel, count] = process.argv.slice(2);
const scope = ownerScope("t");

const { config } = loadConfig({ directory: tmpdir() });
const store = await openStore(config, "write");
const tenants = tenantContext();
const { embedder, assistant, paidCalls, ledger } = await openModels(config, {
  secrets: openSecrets(config, fetch),
  fetch,
  caches: () => store.caches,
  scope: () => tenants.current() ?? scope,
  run: `r${process.pid}`,
  journal: join(config.data_dir, "paid-answers"),
  courier: { environment: networkEnvironment(), within: tenants.run, isWanted: tenants.isIngest },
});
const rules = namelessExtractor("none");
const small = { ...embedder!, limits: { items: 2, tokens: 4000, parallel: Number(parallel) } };
const pool = loadPool({ workers: 1 });
const documents = Array.from({ length: Number(count) }, (_none, number) => {
  const lines = Array.from(
    { length: 6 },
    (_line, at) => `On day ${at} pond ${number} held ${number * at} ducks and a heron.`,
  );
  return {
    source: `pond-${number}.txt`,
    name: `pond-${number}.txt`,
    bytes: new TextEncoder().encode(lines.join("\n\n")),
  };
});
const extractor = modelExtractor(assistant!, rules);
const parts = { store, embedder: small, extractor, pool, now: () => performance.now() };
for await (const _warning of paidCalls!.earlier());
for await (const _event of tenants.stream(scope, () => ingest(documents, parts, { scope, cwd: "/" }), "ingest"));
await paidCalls!.close();
const { tenant: spent } = await ledger.spent();
await pool.close();
await store.close();
process.stdout.write(`${spent}\n`);
