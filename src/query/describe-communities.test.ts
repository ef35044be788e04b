import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { modelCommunitySummary } from "../graph/community-summary.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import type { Store } from "../ports/store.ts";
import type { Community, Metadata } from "../records.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { sliceCodePoints } from "../text/code-points.ts";
import { nameKey } from "../text/name-key.ts";
import { cacheObjects, keepObjects } from "../wrap/cache-model.ts";
import { findHits } from "./find-hits.ts";
import { graphLeg } from "./graph-leg.ts";
import { defaultQuerySettings } from "./plan.ts";
import { search } from "./search.ts";

const owner = ownerScope("t");
const clerk: Scope = { tenant: "t", principals: ["clerk"] };
const query = "founder Bob Dane Delft Ann Lee";

async function put(store: Store, title: string, text: string, names: readonly string[], metadata: Metadata = {}) {
  const id = nameKey(title).replaceAll(" ", "-");
  const mentions = [
    mention(chunkId(id, 0), nameKey(title), "title", title),
    ...names.map((name) => mention(chunkId(id, 0), nameKey(name), "body", name)),
  ];
  await store.documents.put(owner, versionOf({ id, title, parts: [text], metadata, graph: { mentions } }));
}

async function fill(store: Store): Promise<Store> {
  await store.prepare(contractIdentity);
  await put(store, "Crow Sons", "Crow Sons was founded by Bob Dane in a barn.", ["Bob Dane"], { access: ["boss"] });
  await put(store, "Bob Dane", "Bob Dane first saw the light 😀 in Delft.", ["Delft"], { kind: "person" });
  await put(store, "Delft", "😀 Delft has canals, and Bob Dane as its son.", ["Bob Dane"]);
  await put(store, "Founders", "A founder may be born poor, says Ann Lee.", ["Ann Lee"]);
  await put(store, "Born", "Many a founder was born in spring, says Ann Lee.", ["Ann Lee"]);
  await store.settle();
  return store;
}

interface Asking {
  readonly scope?: Scope;
  readonly filter?: Filter;
  readonly model?: LanguageModel;
  readonly mode?: "global" | "mix";
}

async function ask(store: Store, { scope = owner, filter, model, mode = "global" }: Asking = {}) {
  const graph = graphLeg(store, (text) => englishAnalyzer().analyze(text));
  const ports = { store, embedder: null, reranker: null, graph, now: () => 0, background: () => undefined };
  return search(
    model ? { ...ports, communitySummary: modelCommunitySummary(model) } : ports,
    scope,
    { query, mode, top_k: 10, session_id: null, filter: filter ?? null, explain: false },
    defaultQuerySettings,
  );
}

async function opened(name: "memory" | "embedded" | "MongoDB"): Promise<{ store: Store; close(): Promise<void> }> {
  if (name === "memory") return { store: openMemoryStore(), close: async () => undefined };
  if (name === "MongoDB") {
    const server = await startMongoServer({ profile: "atlas" });
    const store = await openMongoStore({ uri: server.uri, database: "communities" });
    return { store, close: () => store.close().then(() => server.close()) };
  }
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-communities-"));
  const store = await openEmbeddedStore({ directory });
  return { store, close: () => store.close().then(() => rm(directory, { recursive: true })) };
}

for (const engine of ["memory", "embedded", "MongoDB"] as const) {
  describe(`communities of a question on ${engine}`, () => {
    test("show only what the caller may read, and every quote stands at its offsets", async (t) => {
      const { store, close } = await opened(engine);
      t.after(close);
      await fill(store);

      const all = (await ask(store)).communities!;
      const dane = all.find(({ names }) => names.includes("Bob Dane"))!;
      const lee = all.find(({ names }) => names.includes("Ann Lee"))!;
      assert.deepEqual([all.length, dane.passages, lee.passages], [2, 3, 2]);
      assert.ok(dane.names.includes("Crow Sons"));
      for (const { summary, summarized_by, quotes } of all) {
        assert.equal(summarized_by, "quotes");
        assert.equal(summary, quotes.map(({ quote }) => quote).join(" "));
        for (const { document_id, start, end, quote } of quotes)
          assert.equal(sliceCodePoints((await store.documents.text(owner, document_id))!, start, end), quote);
      }

      const read = (await ask(store, { scope: clerk })).communities!;
      assert.deepEqual(read.map(({ passages }) => passages).toSorted(), [2, 2]);
      assert.doesNotMatch(JSON.stringify(read), /crow/i);

      const filtered = await ask(store, { filter: { op: "eq", field: "metadata.kind", value: "person" } });
      assert.deepEqual(
        filtered.communities!.map(({ passages, quotes }) => [passages, quotes.map((quote) => quote.document_id)]),
        [[1, ["bob-dane"]]],
      );
      assert.deepEqual((await ask(store, { scope: ownerScope("other") })).communities, []);

      await store.documents.delete(owner, "crow-sons");
      await store.settle();
      // Which comes first is ranking, where the frequencies of words are those of the whole tenant.
      const byName = (given: readonly Community[]) => given.toSorted((a, b) => (a.summary < b.summary ? -1 : 1));
      assert.deepEqual(byName((await ask(store)).communities!), byName(read));
    });
  });
}

const memory = await fill(openMemoryStore());

test("only mode global has communities", async () => {
  assert.equal("communities" in (await ask(memory, { mode: "mix" })), false);
});

/** Says of each community how many passages it was given, and counts its calls. */
function counting(answer: (content: string) => string = (content) => `${content.split("---").length} passages`) {
  const asked: string[] = [];
  const model: LanguageModel = {
    ...quotingModel(),
    async generateObject({ messages }) {
      const [{ content } = { content: "" }] = messages;
      asked.push(content);
      const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
      return { value: { summary: answer(content) }, usage };
    },
  };
  return { model, asked };
}

test("a model that remembers its results is asked again only for the community that changed", async () => {
  const store = await fill(openMemoryStore());
  const { model, asked } = counting();
  const options = { caches: store.caches, scope: () => owner };
  const remembering = cacheObjects(keepObjects(model, options), options);
  const summaries = async () =>
    (await ask(store, { model: remembering })).communities!.map(({ summary, summarized_by }) => [
      summarized_by,
      summary,
    ]);
  const first = (await summaries()).toSorted();
  assert.deepEqual(first, [
    ["model", "2 passages"],
    ["model", "3 passages"],
  ]);
  assert.deepEqual((await summaries()).toSorted(), first);
  assert.equal(asked.length, 2);
  await put(store, "Poor", "The founder was poor in winter too, says Ann Lee.", ["Ann Lee"]);
  assert.deepEqual(
    (await summaries()).map(([, summary]) => summary),
    ["3 passages", "3 passages"],
  );
  assert.equal(asked.length, 3);
});

test("a model is given no passage that the caller may not read", async () => {
  const { model, asked } = counting();
  await ask(memory, { scope: clerk, model });
  assert.equal(asked.length, 2);
  assert.doesNotMatch(asked.join(), /crow/i);
});

test("what a model took to summarise is counted with the search", async () => {
  const { model } = counting();
  const graph = graphLeg(memory, (text) => englishAnalyzer().analyze(text));
  const ports = { store: memory, embedder: null, reranker: null, graph, now: () => 0, background: () => undefined };
  const { summaryUsage } = await findHits(
    { ...ports, communitySummary: modelCommunitySummary(model) },
    owner,
    { query, mode: "global", top_k: 10, session_id: null, filter: null, explain: false },
    defaultQuerySettings,
  );
  assert.deepEqual([summaryUsage.inputTokens, summaryUsage.outputTokens], [2, 2]);
});

test("where the model fails or writes a link, the sentences stand and a warning says so", async () => {
  const broken: LanguageModel = {
    ...quotingModel(),
    generateObject: () => Promise.reject(new HybridRAGError("budget_exceeded", "The ceiling was reached.")),
  };
  const linking = counting((content) => (/Ann Lee/.test(content) ? "See https://example.com" : "Of Delft.")).model;
  const plain = (await ask(memory)).communities!;
  const failed = await ask(memory, { model: broken });
  assert.deepEqual(failed.communities, plain);
  const { message } = failed.warnings.find(({ code }) => code === "community_summary_unavailable")!;
  assert.match(message, /summarised 0 of 2 communities.*ceiling was reached/);
  const mixed = await ask(memory, { model: linking });
  assert.deepEqual(mixed.communities!.map((one) => one.summarized_by).toSorted(), ["model", "quotes"]);
  assert.ok(mixed.warnings.some(({ code }) => code === "community_summary_unavailable"));
});

test("quotes that the source no longer holds are dropped, and a failing store costs no hit", async () => {
  const emptied: Store = { ...memory, documents: { ...memory.documents, text: async () => "Other words." } };
  const without = await ask(emptied);
  assert.deepEqual(without.communities, []);
  assert.ok(without.warnings.some(({ code }) => code === "citations_dropped"));
  const failing: Store = {
    ...memory,
    documents: { ...memory.documents, text: () => Promise.reject(new HybridRAGError("store_failed", "Gone.")) },
  };
  const { results, communities, warnings } = await ask(failing);
  assert.deepEqual(communities, []);
  assert.equal(results.length, 5);
  assert.ok(warnings.some(({ code }) => code === "communities_unavailable"));
});
