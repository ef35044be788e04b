import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { chunkId, link, mention, versionOf } from "../testing/contract/examples.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { nameKey } from "../text/name-key.ts";
import { entityPage } from "./entity-page.ts";
import { evidencePath } from "./evidence-path.ts";
import { findEntity } from "./find-entity.ts";
import { sensesOf } from "./senses.ts";

const scope = ownerScope("t");

/** A title beside the names of its text; "→ id" is a link to another page. */
async function put(store: Store, id: string, title: string, names: readonly string[], to: readonly string[] = []) {
  const at = chunkId(id, 0);
  const mentions = [
    mention(at, nameKey(title), "title", title),
    ...names.map((name) => mention(at, nameKey(name), "body", name)),
  ];
  const graph = { mentions, links: to.map((target) => link(at, target)) };
  await store.documents.put(scope, versionOf({ id, title, parts: [`${names.join(" and ")}.`], graph }));
}

async function world(): Promise<Store> {
  const store = openMemoryStore();
  await put(store, "planet", "Mercury (planet)", ["Mercury", "Sun", "Messenger"]);
  await put(store, "metal", "Mercury (element)", ["Mercury", "Cinnabar", "Almaden"]);
  await put(store, "probe", "Probes", ["Messenger", "Mercury", "NASA"]);
  await put(store, "mine", "Mines", ["Almaden", "Mercury", "Seville"]);
  await put(store, "linked", "Linked", ["Mercury", "Orbits"], ["planet"]);
  await put(store, "both", "Both", ["Mercury", "Messenger", "Cinnabar"]);
  await put(store, "vague", "Vague", ["Mercury", "Pliny"]);
  return store;
}

const told = async (store: Store, name: string) =>
  (await sensesOf(store, scope, await findEntity(store.graph, scope, name))).map((sense) => ({
    name: sense.name,
    in: sense.passages.map((id) => id.replace(":0", "")).toSorted(),
  }));

test("titles tell the senses of a name apart; their documents, links and names say which passage means which", async () => {
  assert.deepEqual(await told(await world(), "Mercury"), [
    { name: "Mercury (planet)", in: ["linked", "planet", "probe"] },
    { name: "Mercury (element)", in: ["metal", "mine"] },
  ]);
});

test("one title with brackets, or titles without, are no two things", async () => {
  const store = openMemoryStore();
  await put(store, "a", "Java (island)", ["Java", "Bali"]);
  await put(store, "b", "Java", ["Java", "Bytecode"]);
  await put(store, "c", "Java (island)", ["Java", "Sunda"]);
  assert.deepEqual(await told(store, "Java"), []);
});

test("a name with its brackets is asked for as far as it is that thing", async () => {
  const store = await world();
  const page = await entityPage(store, scope, "Mercury (planet)", 10);
  assert.equal(page.entity.name, "Mercury (planet)");
  assert.deepEqual([page.passages, page.titled], [3, 1]);
  assert.deepEqual(page.together.map(({ entity }) => entity).toSorted(), [
    "linked",
    "messenger",
    "nasa",
    "orbits",
    "probes",
    "sun",
  ]);
  const whole = await entityPage(store, scope, "mercury", 10);
  assert.deepEqual([whole.passages, whole.titled], [7, 2]);
  assert.deepEqual(whole.senses, [
    { name: "Mercury (planet)", passages: 3 },
    { name: "Mercury (element)", passages: 2 },
  ]);
});

test("no path leads over a name from one thing to another of that name", async () => {
  const store = await world();
  await store.documents.delete(scope, "both");
  const between = await evidencePath(store, scope, { from: "NASA", to: "Seville" });
  assert.equal(between.found, false);
  const within = await evidencePath(store, scope, { from: "Orbits", to: "NASA" });
  assert.deepEqual(
    within.steps.map(({ chunk_id }) => chunk_id),
    ["linked:0", "probe:0"],
  );
  const to = (name: string) => evidencePath(store, scope, { from: "Seville", to: name, maxSteps: 1 });
  assert.deepEqual([(await to("Mercury (element)")).found, (await to("Mercury (planet)")).found], [true, false]);
});
