import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { nameKey } from "../text/name-key.ts";
import { graphEditor } from "../graph/edit-graph.ts";
import { answeredBy } from "./ask.ts";
import { askedInitials } from "./initials.ts";
import { questionEntities } from "./question-entities.ts";

const owner = ownerScope("t");

async function storeOf(...names: readonly string[]): Promise<Store> {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  for (const name of names) await add(store, name);
  return store;
}

async function add(store: Store, name: string, tenant = owner): Promise<void> {
  const id = name.replaceAll(" ", "-");
  const mentions = [mention(chunkId(id, 0), nameKey(name), "body", name)];
  await store.documents.put(tenant, versionOf({ id, parts: [`${name} came.`], graph: { mentions } }));
}

const meant = async (store: Store, question: string): Promise<readonly string[]> =>
  (await answeredBy(questionEntities(question), store.graph, owner)).map(({ entity }) => entity);

describe("initials", () => {
  test("mean the one name that fits them", async () => {
    const store = await storeOf("John Smith", "Jo Kent", "Ann Smith");
    assert.deepEqual(await meant(store, "Where was J. Smith?"), ["john smith"]);
    assert.deepEqual(await meant(store, "where was j. smith?"), ["john smith"]);
  });

  test("mean nobody when two fit, and one again when the other's document goes", async () => {
    const store = await storeOf("John Smith", "Jane Smith");
    assert.deepEqual(await meant(store, "Where was J. Smith?"), []);
    await store.documents.delete(owner, "Jane-Smith");
    assert.deepEqual(await meant(store, "Where was J. Smith?"), ["john smith"]);
  });

  test("are found for a whole name, unless they may be another's", async () => {
    const store = await storeOf("John Smith", "J. Smith");
    assert.deepEqual(await meant(store, "Where was John Smith?"), ["john smith", "j smith"]);
    await add(store, "Jane Smith");
    assert.deepEqual(await meant(store, "Where was John Smith?"), ["john smith"]);
  });

  test("may be fewer than the names, and never more", async () => {
    const store = await storeOf("John Ronald Tolkien");
    assert.deepEqual(await meant(store, "What did J. Tolkien write?"), ["john ronald tolkien"]);
    assert.deepEqual(await meant(store, "What did J.R. Tolkien write?"), ["john ronald tolkien"]);
    assert.deepEqual(await meant(store, "What did J. R. R. Tolkien write?"), []);
  });

  test("that were merged by hand into the whole name are not another form of it", async () => {
    const store = await storeOf("John Smith", "J. Smith");
    const editor = graphEditor(store, { now: () => 0, newId: () => "e1" });
    const { edit_id } = await editor.edit(owner, { kind: "merge", entity: "J. Smith", into: "John Smith" });
    for (const question of ["Where was John Smith?", "Where was J. Smith?"])
      assert.deepEqual(await meant(store, question), ["john smith"]);
    await editor.undo(owner, edit_id);
    assert.deepEqual(await meant(store, "Where was John Smith?"), ["john smith", "j smith"]);
  });

  test("of another tenant neither fit nor stand in the way", async () => {
    const store = await storeOf("John Smith");
    await add(store, "Jane Smith", ownerScope("other"));
    assert.deepEqual(await meant(store, "Where was J. Smith?"), ["john smith"]);
  });

  test("have a full stop: an article or a letter is none", () => {
    assert.deepEqual(askedInitials("Is a Smith in vitamin C Smith?"), []);
    assert.deepEqual(askedInitials("Who is J. R. R. Tolkien or J.-P. Sartre?"), ["j r r tolkien", "j p sartre"]);
  });
});
