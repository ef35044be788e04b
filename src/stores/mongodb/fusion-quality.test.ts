import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { judgedDataFolder } from "../../bench/judged-data.ts";
import type { Dataset } from "../../evaluate/dataset.ts";
import { evaluate, type Evaluation } from "../../evaluate/evaluate.ts";
import { indexDataset } from "../../evaluate/index-dataset.ts";
import { readDataset } from "../../evaluate/read-dataset.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import { ingest } from "../../ingest/ingest.ts";
import { loadPool } from "../../ingest/load/load-pool.ts";
import type { Store } from "../../ports/store.ts";
import { defaultQuerySettings, type FusionMethod } from "../../query/plan.ts";
import { ownerScope } from "../../scope.ts";
import { wordEmbedder } from "../../testing/fake-models.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openEmbeddedStore } from "../embedded/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("eval");
/** Both engines have the same vectors, so the words of a made-up model serve to compare them. */
const embedder = wordEmbedder({ dimensions: 64, maxTokens: 256 });
const modes = ["vector", "text", "hybrid"] as const;
/** One leg alone is not fused. */
const modesFor = (fusion: FusionMethod) => (isFull || fusion === "z" ? modes : (["hybrid"] as const));
const fusions: readonly FusionMethod[] = ["z", "rrf", "convex"];
const native: readonly FusionMethod[] = ["native-rank", "native-score"];

/** All of a collection with HYBRIDRAG_FULL=1; else some queries, what they find, and some that they do not. */
const isFull = process.env["HYBRIDRAG_FULL"] === "1";
const few = { queries: 20, documents: 150 };

async function collection(t: TestContext, name: string): Promise<Dataset | null> {
  const data = judgedDataFolder(process.env);
  if (data === null) {
    t.skip("there are no judged collections, see HYBRIDRAG_JUDGED_DATA");
    return null;
  }
  const whole = await readDataset(join(data, name));
  if (isFull) return whole;
  const queries = whole.queries.slice(0, few.queries);
  const judged = new Set(queries.flatMap(({ judgements }) => [...judgements.keys()]));
  const documents = [
    ...whole.documents.filter(({ document_id }) => judged.has(document_id)),
    ...whole.documents.filter(({ document_id }) => !judged.has(document_id)),
  ].slice(0, few.documents);
  const kept = new Set(documents.map(({ document_id }) => document_id));
  const filterQueries = whole.filterQueries.map((query) => ({
    ...query,
    expected: new Set([...query.expected].filter((id) => kept.has(id))),
  }));
  return { ...whole, documents, queries, filterQueries };
}

async function evaluated(store: Store, dataset: Dataset, methods: readonly FusionMethod[]) {
  const figures = new Map<FusionMethod, Evaluation["modes"]>();
  const now = () => performance.now();
  const ports = { store, embedder, reranker: null, graph: null, now, background: () => undefined };
  for (const fusion of methods) {
    const search = await documentSearch(ports, scope, { ...defaultQuerySettings, fusion });
    figures.set(fusion, (await evaluate(dataset, { search, modes: modesFor(fusion), now })).modes);
  }
  return figures;
}

async function indexed(store: Store, dataset: Dataset): Promise<Store> {
  const pool = loadPool({ workers: 1 });
  const dependencies = { store, embedder, extractor: null, pool, now: () => performance.now() };
  const run = {
    store,
    ingest: (_scope: unknown, sources: Parameters<typeof ingest>[0]) =>
      ingest(sources, dependencies, { scope, cwd: "/" }),
  };
  await indexDataset(run, scope, dataset.documents);
  await pool.close();
  return store;
}

/** Both engines, each with all fusions that it has. */
async function compared(t: TestContext, dataset: Dataset) {
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-fusion-"));
  const server = await startMongoServer({ profile: "8.2" });
  const [embedded, mongo] = await Promise.all([
    openEmbeddedStore({ directory, readers: 1 }),
    openMongoStore({ uri: server.uri, indexes: { fields: [] } }),
  ]);
  t.after(async () => {
    await Promise.all([embedded.close(), mongo.close()]);
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    embedded: await evaluated(await indexed(embedded, dataset), dataset, fusions),
    mongo: await evaluated(await indexed(mongo, dataset), dataset, [...fusions, ...native]),
  };
}

for (const name of isFull ? ["cranfield", "cacm"] : ["cranfield"]) {
  test(`${name}: MongoDB ranks within .01 nDCG@10 of the embedded engine, with every fusion in every mode`, async (t) => {
    const dataset = await collection(t, name);
    if (dataset === null) return;
    const { embedded, mongo } = await compared(t, dataset);
    for (const fusion of [...fusions, ...native]) {
      for (const mode of modesFor(fusion)) {
        const there = mongo.get(fusion)![mode]!["ndcg@10"]!;
        const here = embedded.get(fusion)?.[mode]?.["ndcg@10"] ?? null;
        t.diagnostic(`${fusion} ${mode}: ${here?.toFixed(4) ?? "-"} embedded, ${there.toFixed(4)} MongoDB`);
        if (here !== null) assert.ok(Math.abs(here - there) <= 0.01, `${fusion} ${mode}: ${here} / ${there}`);
      }
    }
    // The server's BM25 is Lucene's with other constants, over all tenants: near to ours, and not the same.
    const gap = Math.abs(mongo.get("native-rank")!.hybrid!["ndcg@10"]! - mongo.get("rrf")!.hybrid!["ndcg@10"]!);
    assert.ok(gap < 0.05, `native ranks are ${gap} from ours`);
  });
}

test("filters over earthquakes: the ids are exact with every fusion, the server's own too", async (t) => {
  const dataset = await collection(t, "usgs-earthquakes-filters");
  if (dataset === null) return;
  const { mongo } = await compared(t, dataset);
  for (const [fusion, figures] of mongo) {
    for (const mode of modesFor(fusion)) {
      const { filters } = figures[mode]!;
      t.diagnostic(`${fusion} ${mode}: ${JSON.stringify(filters)}`);
      assert.equal(filters?.violations, 0, `${fusion} ${mode}`);
      // Words alone do not find what has none of them.
      if (mode !== "text") assert.equal(filters.exact, dataset.filterQueries.length, `${fusion} ${mode}`);
    }
  }
});
