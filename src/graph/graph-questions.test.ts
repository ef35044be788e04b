import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "../testing/memory-store.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { assertion, chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import type { Metadata, PassageLink } from "../records.ts";
import { ownerScope } from "../scope.ts";
import { entityPage } from "./entity-page.ts";
import { evidencePath } from "./evidence-path.ts";
import { exportGraph } from "./export-graph.ts";
import { npmiOf } from "./names-together.ts";

const owner = ownerScope("t");

/** Ann knows Bob, Bob works at Crow, Crow lies in Delft; Eve stands alone. */
async function world(hidden: Metadata = {}) {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  const put = (id: string, part: string, names: readonly string[], metadata: Metadata = {}) => {
    const mentions = names.map((name) => mention(chunkId(id, 0), name.toLowerCase(), "body", name));
    const assertions = id === "one" ? [assertion(chunkId(id, 0), "ann", "bob")] : [];
    return store.documents.put(owner, versionOf({ id, parts: [part], metadata, graph: { mentions, assertions } }));
  };
  await put("one", "Ann knows Bob.", ["Ann", "Bob"]);
  await put("two", "It rains. Bob works at Crow & Sons.", ["Bob", "Crow"], hidden);
  await put("three", "Crow lies in Delft.", ["Crow", "Delft"]);
  await put("four", "Eve is alone.", ["Eve"]);
  await store.settle();
  return store;
}

const toldSteps = (path: Awaited<ReturnType<typeof evidencePath>>) =>
  path.steps.map(({ from, to, sentence }) => `${from} > ${to}: ${sentence}`);

test("the shortest path between two names is told with the sentences that lead along it", async () => {
  const path = await evidencePath(await world(), owner, { from: "ann", to: "The Delft" });
  assert.equal(path.found, true);
  assert.deepEqual(toldSteps(path), [
    "ann > bob: Ann knows Bob.",
    "bob > crow: Bob works at Crow & Sons.",
    "crow > delft: Crow lies in Delft.",
  ]);
});

test("a path that does not exist is said so, with the closest name reached", async () => {
  const path = await evidencePath(await world(), owner, { from: "Ann", to: "Eve" });
  assert.equal(path.found, false);
  assert.ok(path.closest !== null && path.closest !== "eve");
  const short = await evidencePath(await world(), owner, { from: "Ann", to: "Delft", maxSteps: 2 });
  assert.deepEqual([short.found, short.steps.length <= 2], [false, true]);
});

/** Ann is in a note that points at a manual without her name; Zed is in the manual, Yin in a mail that answers him. */
async function linkedWorld(hidden: Metadata = {}) {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  const put = (id: string, title: string, text: string, names: readonly string[], target?: PassageLink["target"]) => {
    const at = text.indexOf("here");
    const link = { chunk_id: chunkId(id, 0), kind: "hyperlink" as const, target: target!, start: at, end: at + 4 };
    const mentions = [
      mention(chunkId(id, 0), title.toLowerCase(), "title", title),
      ...names.map((name) => mention(chunkId(id, 0), name.toLowerCase(), "body", name)),
    ];
    const graph = { mentions, links: target === undefined ? [] : [link] };
    return store.documents.put(
      owner,
      versionOf({ id, title, parts: [text], graph, ...(id === "note" ? { metadata: hidden } : {}) }),
    );
  };
  await put("note", "Note", "Ann wrote this. More stands here.", ["Ann"], "manual.txt");
  await put("manual", "Manual", "Zed made the brakes.", ["Zed"]);
  await put("answer", "Answer", "Yin read what is here.", ["Yin"], "manual.txt");
  await store.settle();
  return store;
}

test("a path leads over what passages point at, in either direction, with the sentence that points there", async () => {
  const store = await linkedWorld();
  const there = await evidencePath(store, owner, { from: "Ann", to: "Zed" });
  assert.deepEqual(toldSteps(there), [
    "ann > manual: Ann wrote this. … More stands here.",
    "manual > zed: Zed made the brakes.",
  ]);
  assert.deepEqual(
    there.steps.map((step) => step.link),
    [{ kind: "hyperlink", address: "manual.txt" }, null],
  );
  const back = await evidencePath(store, owner, { from: "Zed", to: "Ann" });
  assert.deepEqual([back.found, back.from_name, back.to_name], [true, "Zed", "Ann"]);
  assert.deepEqual(
    back.steps.map(({ from_name, to_name }) => `${from_name} > ${to_name}`),
    ["Zed > Manual", "Manual > Ann"],
  );
  const titled = await evidencePath(store, owner, { from: "Ann", to: "Manual" });
  assert.deepEqual(toldSteps(titled), ["ann > manual: Ann wrote this. … More stands here."]);
  const short = await evidencePath(store, owner, { from: "Ann", to: "Zed", maxSteps: 1 });
  assert.equal(short.found, false);
});

test("a passage that the caller may not read points nowhere", async () => {
  const store = await linkedWorld({ access: ["boss"] });
  const boss = { tenant: "t", principals: ["boss"] };
  const clerk = { tenant: "t", principals: ["clerk"] };
  assert.equal((await evidencePath(store, boss, { from: "Ann", to: "Zed" })).found, true);
  await assert.rejects(evidencePath(store, clerk, { from: "Ann", to: "Zed" }), { code: "not_found" });
  assert.equal((await evidencePath(store, clerk, { from: "Yin", to: "Zed" })).found, true);
});

test("a name has the links of the passages that it is the title of, else of those that mention it", async () => {
  const store = await linkedWorld();
  const links = async (name: string) =>
    (await entityPage(store, owner, name, 5)).links.map(({ kind, address, title, sentence }) => [
      kind,
      address,
      title,
      sentence,
    ]);
  const there = [["hyperlink", "manual.txt", "Manual", "More stands here."]];
  assert.deepEqual([await links("Note"), await links("Ann"), await links("Zed")], [there, there, []]);
});

test("a passage that the caller may not read carries no path", async () => {
  const store = await world({ access: ["boss"] });
  const path = await evidencePath(store, { tenant: "t", principals: ["clerk"] }, { from: "Ann", to: "Delft" });
  assert.deepEqual([path.found, path.steps.some((step) => step.document_id === "two")], [false, false]);
  const all = await evidencePath(store, { tenant: "t", principals: ["boss"] }, { from: "Ann", to: "Delft" });
  assert.equal(all.found, true);
});

test("an unknown name is refused with the nearest names", async () => {
  await assert.rejects(entityPage(await world(), owner, "Delf", 5), (error: { code: string; details: object }) => {
    assert.equal(error.code, "not_found");
    assert.deepEqual(error.details, { nearest: ["Delft"] });
    return true;
  });
  const long = `Delf\nt ${"😀x".repeat(5000)}`;
  await assert.rejects(entityPage(await world(), owner, long, 5), ({ message }: Error) => {
    assert.ok(message.startsWith("The graph knows no “Delf t 😀x") && message.length < 300 && message.isWellFormed());
    return true;
  });
});

test("a page shows passages, statements, and names that stand together with it", async () => {
  const page = await entityPage(await world(), owner, "bob", 5);
  assert.deepEqual([page.entity.name, page.passages, page.titled], ["Bob", 2, 0]);
  assert.deepEqual(
    page.relationships.map((one) => `${one.source_entity} ${one.target_entity}`),
    ["ann bob"],
  );
  assert.deepEqual(page.together.map((one) => one.entity).toSorted(), ["ann"]);
  assert.deepEqual(page.evidence.map((one) => one.sentence).toSorted(), [
    "Ann knows Bob.",
    "Bob works at Crow & Sons.",
  ]);
});

test("what stands in every passage has all their names beside it, those of most passages first", async () => {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  const said = { one: ["Gull", "Crow"], two: ["Gull", "Heron", "Crow"], three: ["Gull"] };
  for (const [id, names] of Object.entries(said)) {
    const mentions = names.map((name) => mention(chunkId(id, 0), name.toLowerCase(), "body", name));
    await store.documents.put(owner, versionOf({ id, parts: [`${names.join(" and ")} fly.`], graph: { mentions } }));
  }
  const { together } = await entityPage(store, owner, "gull", 5);
  assert.deepEqual(
    together.map(({ name, passages, npmi }) => [name, passages, npmi]),
    [
      ["Crow", 2, 0],
      ["Heron", 1, 0],
    ],
  );
});

test("mutual information is 1 for names that only stand together, 0 for strangers", () => {
  assert.equal(npmiOf(2, 2, 2, 10), 1);
  assert.ok(Math.abs(npmiOf(1, 2, 5, 10)) < 1e-12);
  assert.equal(npmiOf(0, 2, 5, 10), -1);
});

test("the graph is exported as GraphML and as JSON, each relationship once", async () => {
  const store = await world();
  const read = async (format: "graphml" | "json") => {
    let text = "";
    for await (const piece of exportGraph(store.graph, owner, format)) text += piece;
    return text;
  };
  const said = { five: ["Ann", "Gull"], six: ["Gull", "Ann"] };
  for (const [id, names] of Object.entries(said)) {
    const mentions = names.map((name) => mention(chunkId(id, 0), name.toLowerCase(), "body", name));
    await store.documents.put(owner, versionOf({ id, parts: [names.join(" feeds ")], graph: { mentions } }));
  }
  const json = JSON.parse(await read("json")) as Record<"entities" | "relationships" | "together", unknown[]>;
  assert.deepEqual([json.entities.length, json.relationships.length], [6, 1]);
  const [npmi, weight] = [npmiOf(2, 3, 2, 6), npmiOf(2, 3, 2, 6) * Math.log(3)];
  assert.deepEqual(json.together, [{ source_entity: "ann", target_entity: "gull", passages: 2, npmi, weight }]);
  const xml = await read("graphml");
  assert.equal(xml.match(/<node /g)?.length, 6);
  assert.equal(xml.match(/<edge source="ann" target="gull" directed="false">/g)?.length, 1);
  assert.equal(xml.match(/<edge source="ann" target="bob">/g)?.length, 1);
});
