import assert from "node:assert/strict";
import { test } from "node:test";
import type { Filter } from "../filter/filter.ts";
import type { Metadata } from "../records.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { assertion, chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { nameKey } from "../text/name-key.ts";
import { graphLeg } from "./graph-leg.ts";
import { defaultQuerySettings } from "./plan.ts";
import type { Mode } from "./query-request.ts";
import { search } from "./search.ts";

const owner = ownerScope("t");
const store = openMemoryStore();
await store.prepare(contractIdentity);

/** A passage whose title is a name, and which mentions others. */
async function put(scope: Scope, title: string, text: string, names: readonly string[], metadata: Metadata = {}) {
  const id = nameKey(title).replaceAll(" ", "-");
  const at = chunkId(id, 0);
  const mentions = [
    mention(at, nameKey(title), "title", title),
    ...names.map((name) => mention(at, nameKey(name), "body", name)),
  ];
  await store.documents.put(scope, versionOf({ id, title, parts: [text], metadata, graph: { mentions } }));
}

for (const scope of [owner, ownerScope("other")]) {
  await put(scope, "Crow Sons", "Crow Sons was founded by Bob Dane in a barn.", ["Bob Dane"], { access: ["boss"] });
  await put(scope, "Bob Dane", "Bob Dane first saw the light in Delft.", ["Delft"], { kind: "person" });
  await put(scope, "Delft", "Delft has canals, and Bob Dane as its son.", ["Bob Dane"]);
  await put(scope, "Founders", "A founder may be born poor, says Ann Lee.", ["Ann Lee"]);
  await put(scope, "Born", "Many a founder was born in spring, says Ann Lee.", ["Ann Lee"]);
}

const ask = (query: string, mode: Mode, scope: Scope = owner, filter: Filter | null = null) =>
  search(
    {
      store,
      embedder: null,
      reranker: null,
      graph: graphLeg(store, (text) => englishAnalyzer().analyze(text)),
      now: () => 0,
      background: () => undefined,
    },
    scope,
    { query, mode, top_k: 10, session_id: null, filter, explain: true },
    defaultQuerySettings,
  );
const question = "Where was the founder of Crow Sons born?";
const clerk: Scope = { tenant: "t", principals: ["clerk"] };
const graphModes = ["mix", "local", "global"] as const;

test("a link lifts the passage that the answer is in, with the name and the sentence that lead there", async () => {
  const { results } = await ask(question, "mix");
  const reached = results.find((hit) => hit.document_id === "bob-dane");
  assert.ok(reached && reached.rank <= 3 && reached.legs.graph! > 0);
  assert.deepEqual(
    [reached.path?.from_chunk_id, reached.path?.entity, reached.path?.link, reached.path?.sentence],
    ["crow-sons:0", "bob dane", "forward", "Crow Sons was founded by Bob Dane in a barn."],
  );
});

test("what a passage points at is followed, with the sentence that points there", async () => {
  const scope = ownerScope("linked");
  const at = (id: string) => ({ chunk_id: chunkId(id, 0), start: 0, end: 1 });
  await store.documents.put(
    scope,
    versionOf({
      id: "crew",
      title: "Heron",
      parts: ["Heron has herons. The crew of Heron follows [the rules](rules.md#freeze) before a rollout."],
      graph: {
        mentions: [mention(chunkId("crew", 0), "heron", "title")],
        links: [{ ...at("crew"), kind: "hyperlink", target: "/wiki/rules.md#freeze" }],
      },
    }),
  );
  const anchor = { ...at("rules"), kind: "anchor" as const, target: "/wiki/rules.md#freeze" };
  await store.documents.put(scope, versionOf({ id: "rules", parts: ["Ink is blue."], graph: { links: [anchor] } }));
  await put(scope, "Other", "A rollout of ink for the crew, says nobody.", []);
  const { results } = await ask("Which ink does the crew of Heron use before a rollout?", "mix", scope);
  const { link, sentence, from_chunk_id } = results.find((hit) => hit.document_id === "rules")!.path!;
  assert.deepEqual([link, from_chunk_id], ["hyperlink", "crew:0"]);
  assert.equal(sentence, "The crew of Heron follows [the rules](rules.md#freeze) before a rollout.");
});

test("where the text of a link does not spell the address, the sentence is the one that has the link", async () => {
  const scope = ownerScope("posted");
  const text = "Heron has herons. The crew of Heron follows what is posted before a rollout. It rains.";
  const target = "https://heron.example/q?id=7";
  const link = { chunk_id: chunkId("crew", 0), start: text.indexOf("posted"), end: text.indexOf("posted") + 6 };
  await store.documents.put(
    scope,
    versionOf({
      id: "crew",
      title: "Heron",
      parts: [text],
      graph: {
        mentions: [mention(chunkId("crew", 0), "heron", "title")],
        links: [{ ...link, kind: "hyperlink", target }],
      },
    }),
  );
  const anchor = { chunk_id: chunkId("rules", 0), start: 0, end: 1, kind: "anchor" as const, target };
  await store.documents.put(scope, versionOf({ id: "rules", parts: ["Ink is blue."], graph: { links: [anchor] } }));
  await put(scope, "Other", "A rollout of ink for the crew, says nobody.", []);
  const { results } = await ask("Which ink does the crew of Heron use before a rollout?", "mix", scope);
  const { from_title, sentence } = results.find((hit) => hit.document_id === "rules")!.path!;
  assert.deepEqual([from_title, sentence], ["Heron", "The crew of Heron follows what is posted before a rollout."]);
});

test("a question that one of the first passages covers is left as it was", async () => {
  const easy = "Which canals has Delft, with Bob Dane as its son?";
  const order = async (mode: Mode) => (await ask(easy, mode)).results.map(({ chunk_id, path }) => [chunk_id, path]);
  assert.deepEqual(await order("mix"), await order("hybrid"));
});

test("local puts the passages that mention the question's names first, then what they lead to", async () => {
  const { results, warnings } = await ask("bob dane", "local");
  const first = results.slice(0, 3).map((hit) => hit.document_id);
  assert.deepEqual(first.toSorted(), ["bob-dane", "crow-sons", "delft"]);
  assert.equal(results[0]?.path?.link, "mention");
  assert.deepEqual(
    warnings.map((one) => one.code),
    ["vector_leg_unavailable"],
  );
});

test("global shows each community before the second passage of any", async () => {
  const { results } = await ask("founder Bob Dane Delft Ann Lee", "global");
  const dane = new Set(["crow-sons", "bob-dane", "delft"]);
  const kinds = results.slice(0, 2).map((hit) => dane.has(hit.document_id));
  assert.deepEqual(kinds.toSorted(), [false, true]);
});

test("a short form stands for what a passage says it is short for", async () => {
  const scope = ownerScope("short forms");
  const long = mention("glossary:0", "grand heron society", "body", "Grand Heron Society");
  const short = { ...mention("glossary:0", "ghs", "term", "GHS") };
  const assertions = [assertion("glossary:0", "ghs", "grand heron society", 1, "short for")];
  const parts = ["The Grand Heron Society (GHS) meets on Mondays."];
  const graph = { mentions: [long, short], assertions };
  await store.documents.put(scope, versionOf({ id: "glossary", parts, graph }));
  await put(scope, "Club house", "The house of the Grand Heron Society stands in Ely.", ["Grand Heron Society"]);
  await put(scope, "House", "A house in Ely.", []);
  const { results } = await ask("Where is the house of the GHS?", "local", scope);
  const house = results.find((hit) => hit.document_id === "club-house");
  assert.deepEqual([house?.path?.link, house?.path?.entity], ["mention", "grand heron society"]);
});

test("a graph mode that has nothing to follow says so and leaves the order as it was", async () => {
  const local = await ask("founder in spring", "local");
  assert.ok(local.warnings.some((one) => one.code === "graph_leg_unchanged"));
  const plain = await ask("founder in spring", "hybrid");
  assert.deepEqual(
    local.results.map((hit) => hit.chunk_id),
    plain.results.map((hit) => hit.chunk_id),
  );
});

for (const mode of graphModes) {
  test(`${mode}: a passage that the caller may not read neither appears nor carries a path`, async () => {
    for (const query of [question, "bob dane", "founder Bob Dane Delft Ann Lee"]) {
      const { results } = await ask(query, mode, clerk);
      assert.ok(results.every((hit) => hit.document_id !== "crow-sons"));
      assert.ok(results.every((hit) => hit.path?.from_chunk_id !== "crow-sons:0"));
    }
  });

  test(`${mode}: a filter holds for every end of a link, and no tenant sees another's passages`, async () => {
    const filter = { op: "eq", field: "metadata.kind", value: "person" } as const;
    const { results } = await ask("Was Bob Dane founder of Crow Sons?", mode, owner, filter);
    assert.deepEqual([...new Set(results.map((hit) => hit.document_id))].toSorted(), ["bob-dane"]);
    assert.ok(results.every((hit) => hit.path === undefined || hit.path.from_chunk_id === "bob-dane:0"));
    assert.deepEqual((await ask(question, mode, ownerScope("nobody"))).results, []);
  });

  test(`${mode}: answers as if a deleted passage had never been`, async () => {
    const scope = ownerScope(`deleting in ${mode}`);
    await put(scope, "Bob Dane", "Bob Dane first saw the light in Delft.", ["Delft"]);
    await put(scope, "Delft", "Delft has canals, and Bob Dane as its son.", ["Bob Dane"]);
    const before = (await ask("Who is Bob Dane of Delft?", mode, scope)).results;
    await put(scope, "Dane", "A Dane named Bob Dane of Delft.", ["Bob Dane", "Delft"]);
    await store.documents.delete(scope, "dane");
    assert.deepEqual((await ask("Who is Bob Dane of Delft?", mode, scope)).results, before);
  });
}
