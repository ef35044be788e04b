import assert from "node:assert/strict";
import { test } from "node:test";
import { graphEditor } from "../graph/edit-graph.ts";
import type { EditRequest } from "../graph/edit-request.ts";
import { ownerScope } from "../scope.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { englishAnalyzer } from "../text/analyze.ts";
import { nameKey } from "../text/name-key.ts";
import { graphLeg } from "./graph-leg.ts";
import { defaultQuerySettings } from "./plan.ts";
import type { Mode } from "./query-request.ts";
import { search } from "./search.ts";

const owner = ownerScope("t");

/** The founder is written in two ways, so that nothing leads from his firm to him. */
async function world() {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  const put = async (title: string, text: string, names: readonly string[]) => {
    const id = nameKey(title).replaceAll(" ", "-");
    const at = chunkId(id, 0);
    const mentions = [
      mention(at, nameKey(title), "title", title),
      ...names.map((name) => mention(at, nameKey(name), "body", name)),
    ];
    await store.documents.put(owner, versionOf({ id, title, parts: [text], graph: { mentions } }));
  };
  await put("Crow Sons", "Crow Sons was founded by Squire Dane in a barn.", ["Squire Dane"]);
  await put("Bob Dane", "Bob Dane first saw the light in Delft.", ["Delft"]);
  await put("Delft", "Delft has canals, and Bob Dane as its son.", ["Bob Dane"]);
  await put("Founders", "A founder may be born poor, says Ann Lee.", ["Ann Lee"]);
  await put("Born", "Many a founder was born in spring, says Ann Lee.", ["Ann Lee"]);
  const graph = graphLeg(store, (text) => englishAnalyzer().analyze(text));
  const ports = { store, embedder: null, reranker: null, graph, now: () => 0, background: () => undefined };
  const editor = graphEditor(store);
  return {
    edit: async (request: EditRequest) => (await editor.edit(owner, request)).edit_id,
    undo: (editId: string) => editor.undo(owner, editId),
    ask: async (query: string, mode: Mode) => {
      const request = { query, mode, top_k: 10, session_id: null, filter: null, explain: true };
      return (await search(ports, owner, request, defaultQuerySettings)).results;
    },
  };
}

const question = "Where was the founder of Crow Sons born?";
const merge: EditRequest = { kind: "merge", entity: "Squire Dane", into: "Bob Dane" };

test("mix follows a merged name, with the sentence as the passage writes it, until the merge is undone", async () => {
  const { ask, edit, undo } = await world();
  const dane = async () => (await ask(question, "mix")).find((hit) => hit.document_id === "bob-dane");
  const before = await dane();
  assert.notEqual(before?.path?.from_chunk_id, "crow-sons:0");
  const merged = await edit(merge);
  const reached = await dane();
  assert.ok(reached && reached.rank <= 3 && reached.legs.graph! > 0);
  assert.deepEqual(
    [reached.path?.from_chunk_id, reached.path?.entity, reached.path?.link, reached.path?.sentence],
    ["crow-sons:0", "bob dane", "forward", "Crow Sons was founded by Squire Dane in a barn."],
  );
  await undo(merged);
  assert.deepEqual(await dane(), before);
});

test("local finds an entity by the name that it had, and not one that was deleted", async () => {
  const { ask, edit } = await world();
  const mentioning = async () =>
    (await ask("squire dane", "local")).flatMap((hit) => (hit.path?.link === "mention" ? hit.document_id : []));
  assert.deepEqual(await mentioning(), ["crow-sons"]);
  await edit(merge);
  await edit({ kind: "rename", entity: "Bob Dane", name: "Robert Dane" });
  assert.deepEqual((await mentioning()).toSorted(), ["bob-dane", "crow-sons", "delft"]);
  await edit({ kind: "delete", entity: "Robert Dane" });
  assert.deepEqual(await mentioning(), []);
});

test("global makes no community of a deleted name", async () => {
  const { ask, edit } = await world();
  const over = async () => (await ask("founder Bob Dane Delft Ann Lee", "global")).map((hit) => hit.path?.entity);
  assert.ok((await over()).includes("bob dane"));
  await edit({ kind: "delete", entity: "Bob Dane" });
  assert.ok(!(await over()).includes("bob dane"));
});
