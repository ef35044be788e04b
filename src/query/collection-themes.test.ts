import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Filter } from "../filter/filter.ts";
import { collectionCommunities } from "../graph/collection-communities.ts";
import { communityThread } from "../graph/community-thread.ts";
import { modelCommunitySummary } from "../graph/community-summary.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import type { Store } from "../ports/store.ts";
import type { Metadata } from "../records.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { assertion, chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { sliceCodePoints } from "../text/code-points.ts";
import { nameKey } from "../text/name-key.ts";
import { cacheObjects, keepObjects } from "../wrap/cache-model.ts";
import { collectionThemes, sampled } from "./collection-themes.ts";
import { findHits } from "./find-hits.ts";
import { graphLeg } from "./graph-leg.ts";
import { defaultQuerySettings } from "./plan.ts";
import { search } from "./search.ts";

const owner = ownerScope("t");
const clerk: Scope = { tenant: "t", principals: ["clerk"] };

interface Page {
  readonly id: string;
  readonly text: string;
  readonly names: readonly string[];
  /** Kepler and Orbit: what joins them. */
  readonly states?: string;
  readonly metadata?: Metadata;
}

/** Two subjects of four pages each, and a page of neither. */
const pages: readonly Page[] = [
  ...["Mars", "Venus", "Earth", "Pluto"].map((planet, at) => ({
    id: `sky-${at}`,
    text: `The planet ${planet} 😀 is seen by Kepler with a new telescope.`,
    names: [planet, "Kepler", "Orbit"],
    states: "saw",
    metadata: { kind: "sky" },
  })),
  ...["Bread", "Cake", "Roll", "Tart"].map((food, at) => ({
    id: `oven-${at}`,
    text: `A recipe for ${food} by Marie asks for much patience and butter.`,
    names: [food, "Marie", "Butter"],
    metadata: { kind: "oven" },
  })),
  { id: "other", text: "Nothing here is said elsewhere.", names: ["Lonely"] },
];

/** What the clerk may not read: a subject of its own, and a bridge between the two others. */
const hidden: readonly Page[] = [
  ...[1, 2, 3].map((at) => ({
    id: `plot-${at}`,
    text: `The secret plot of Baron Zorn, part ${at}, is told to nobody at all.`,
    names: ["Baron Zorn", `Plot ${at}`],
    metadata: { access: ["boss"] },
  })),
  {
    id: "bridge",
    text: "Baron Zorn ordered Bread for Kepler, Marie and the Orbit of Mars.",
    names: ["Baron Zorn", "Bread", "Kepler", "Marie", "Orbit", "Mars", "Cake", "Venus"],
    states: "betrayed",
    metadata: { access: ["boss"] },
  },
];

async function put(store: Store, scope: Scope, { id, text, names, states, metadata = {} }: Page) {
  const mentions = names.map((name) => mention(chunkId(id, 0), nameKey(name), "body", name));
  const stated = { ...assertion(chunkId(id, 0), "kepler", "orbit"), type: states ?? "" };
  const graph = { mentions, assertions: states === undefined ? [] : [stated] };
  await store.documents.put(scope, versionOf({ id, title: id, parts: [text], metadata, graph }));
}

async function fill(store: Store, scope: Scope, given: readonly Page[]): Promise<void> {
  for (const page of given) await put(store, scope, page);
  await store.settle();
}

async function opened(name: "memory" | "embedded" | "MongoDB"): Promise<{ store: Store; close(): Promise<void> }> {
  if (name === "memory") return { store: openMemoryStore(), close: async () => undefined };
  if (name === "MongoDB") {
    const server = await startMongoServer({ profile: "atlas" });
    const store = await openMongoStore({ uri: server.uri, database: "themes" });
    return { store, close: () => store.close().then(() => server.close()) };
  }
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-themes-"));
  const store = await openEmbeddedStore({ directory });
  return { store, close: () => store.close().then(() => rm(directory, { recursive: true })) };
}

function overStore(store: Store, model?: LanguageModel) {
  const thread = communityThread();
  const graph = graphLeg(store, (text) => englishAnalyzer().analyze(text));
  const ports = {
    store,
    embedder: null,
    reranker: null,
    graph,
    collection: collectionCommunities(store.graph, thread),
    now: () => 0,
    background: () => undefined,
    ...(model ? { communitySummary: modelCommunitySummary(model) } : {}),
  };
  const themes = (scope: Scope, filter: Filter | null = null) =>
    collectionThemes(ports, scope, { filter, limit: 10, deadline_ms: 60_000 }, new AbortController().signal);
  const asked = (query: string, filter: Filter | null = null) => ({
    query,
    mode: "global" as const,
    top_k: 10,
    session_id: null,
    filter,
    explain: false,
  });
  return {
    themes,
    find: (scope: Scope, query: string, filter: Filter | null = null) =>
      search(ports, scope, asked(query, filter), defaultQuerySettings),
    findings: (scope: Scope, query: string, mode: "global" | "text" = "global") =>
      findHits(ports, scope, { ...asked(query), mode }, defaultQuerySettings),
    close: () => thread.close(),
  };
}

for (const engine of ["memory", "embedded", "MongoDB"] as const) {
  describe(`communities of a collection on ${engine}`, () => {
    test("are its subjects, with sentences that stand in the source", async (t) => {
      const { store, close } = await opened(engine);
      const { themes, close: end } = overStore(store);
      t.after(() => end().then(close));
      await store.prepare(contractIdentity);
      await fill(store, owner, pages);
      const found = await themes(owner);
      assert.deepEqual([found.count, found.passages, found.total, found.alone], [2, 9, 9, 1]);
      assert.deepEqual(
        found.communities.map(({ names, passages, documents }) => [names.slice(0, 2).toSorted(), passages, documents]),
        found.communities[0]!.names.includes("Marie")
          ? [
              [["Butter", "Marie"], 4, 4],
              [["Kepler", "Orbit"], 4, 4],
            ]
          : [
              [["Kepler", "Orbit"], 4, 4],
              [["Butter", "Marie"], 4, 4],
            ],
      );
      for (const { quotes } of found.communities) {
        assert.ok(quotes.length > 0);
        for (const { document_id, start, end: to, quote } of quotes)
          assert.equal(sliceCodePoints((await store.documents.text(owner, document_id))!, start, to), quote);
      }
    });

    test("are for each reader those of what he may read, as if there was nothing else", async (t) => {
      const { store, close } = await opened(engine);
      const { themes, find, close: end } = overStore(store);
      t.after(() => end().then(close));
      await store.prepare(contractIdentity);
      const elsewhere = ownerScope("elsewhere");
      await fill(store, owner, [...pages, ...hidden]);
      await fill(store, elsewhere, pages);

      const all = JSON.stringify(await themes(owner));
      assert.match(all, /Zorn/);
      assert.match(all, /betrayed/);
      const read = await themes(clerk);
      assert.doesNotMatch(JSON.stringify(read), /Zorn|plot|bridge|betrayed/i);
      assert.deepEqual(read, await themes(elsewhere));
      assert.match(JSON.stringify(read), /"type":"saw"/);

      const overview = "What are the main themes in these documents?";
      const asked = await find(clerk, overview);
      assert.doesNotMatch(JSON.stringify(asked), /Zorn|plot|bridge/i);
      assert.deepEqual(asked.communities, read.communities);
      assert.equal(new Set(asked.results.slice(0, 2).map((hit) => hit.metadata["kind"])).size, 2);

      const filter: Filter = { op: "eq", field: "metadata.kind", value: "sky" };
      const some = await themes(owner, filter);
      assert.deepEqual([some.total, some.communities.length], [4, 1]);
      assert.doesNotMatch(JSON.stringify(some), /Zorn|Marie/);
      const filtered = await find(owner, overview, filter);
      assert.deepEqual(filtered.communities, some.communities);
      assert.ok(filtered.results.every((hit) => hit.metadata["kind"] === "sky"));

      for (const { id } of hidden) await store.documents.delete(owner, id);
      await store.settle();
      assert.deepEqual(await themes(owner), read);
    });
  });
}

test("a community keeps its id and its summary while its passages stay, and is paid for once", async (t) => {
  const store = openMemoryStore();
  await fill(store, owner, pages);
  const asked: string[] = [];
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const model: LanguageModel = {
    ...quotingModel(),
    async generateObject({ messages }) {
      asked.push(messages[0]!.content);
      return { value: { summary: `Summary ${asked.length}.` }, usage };
    },
  };
  const remembered = { caches: store.caches, scope: () => owner };
  const { themes, close } = overStore(store, cacheObjects(keepObjects(model, remembered), remembered));
  t.after(close);
  const told = async () =>
    new Map((await themes(owner)).communities.map(({ id, summary, summarized_by }) => [id, [summary, summarized_by]]));
  const first = await told();
  assert.deepEqual([first.size, asked.length], [2, 2]);
  assert.deepEqual(
    [...first.values()].map(([, by]) => by),
    ["model", "model"],
  );
  assert.deepEqual(await told(), first);

  const [sky, oven] = ["sky", "oven"].map((kind) => ({
    id: `${kind}-new`,
    text: kind === "sky" ? "Kepler saw the Orbit of Ceres at last." : "Marie gives Butter to the Pie too.",
    names: kind === "sky" ? ["Kepler", "Orbit", "Ceres"] : ["Marie", "Butter", "Pie"],
  }));
  await put(store, owner, sky!);
  const second = await told();
  assert.equal([...second.keys()].filter((id) => first.has(id)).length, 1);
  for (const [id, summary] of first) if (second.has(id)) assert.deepEqual(second.get(id), summary);
  assert.equal(asked.length, 3);

  await put(store, owner, oven!);
  await store.documents.delete(owner, sky!.id);
  await store.documents.delete(owner, oven!.id);
  assert.deepEqual(await told(), first);
  assert.equal(asked.length, 3);
});

test("only a question to the whole collection is answered by it, and no reranker mixes its hits", async (t) => {
  const store = openMemoryStore();
  await fill(store, owner, pages);
  const { findings, close } = overStore(store);
  t.after(close);
  assert.equal((await findings(owner, "What is this collection about?")).isOverview, true);
  assert.equal((await findings(owner, "What is said about Kepler?")).isOverview, false);
  const hinted = async (query: string) =>
    (await findings(owner, query, "text")).warnings.some(({ code }) => code === "asks_for_overview");
  assert.deepEqual([await hinted("What is this collection about?"), await hinted("Who saw Mars?")], [true, false]);
  assert.equal((await findings(ownerScope("empty"), "What is this collection about?")).isOverview, false);
});

test("who asks after a write is told of it, whatever is under way, and equal questions are one work", async (t) => {
  const store = openMemoryStore();
  await fill(store, owner, pages);
  let works = 0;
  const thread = communityThread();
  t.after(() => thread.close());
  const counting = { ...thread, find: (names: Parameters<typeof thread.find>[0]) => (works++, thread.find(names)) };
  const communities = collectionCommunities(store.graph, counting);
  const [first, same] = [communities(owner, null), communities(owner, null)];
  await store.documents.delete(owner, "other");
  const later = communities(owner, null);
  assert.equal((await first).passages, 9);
  assert.deepEqual(await same, await first);
  assert.equal((await later).passages, 8);
  assert.equal(works, 2);
  assert.equal((await communities(owner, null)).passages, 8);
  assert.equal(works, 2);
  const given = new AbortController();
  await put(store, owner, pages.at(-1)!);
  const left = communities(owner, null, { signal: given.signal });
  given.abort(new Error("gone"));
  await assert.rejects(left, { message: "gone" });
  assert.equal((await communities(owner, null)).passages, 9);
});

test("a sample is said to be one", () => {
  assert.deepEqual(sampled({ passages: 9, total: 9 }), []);
  assert.match(sampled({ passages: 100_000, total: 250_000 })[0]!.message, /100000 of 250000 passages, a fair sample/);
});
