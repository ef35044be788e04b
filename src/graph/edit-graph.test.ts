import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HybridRAGError, isHybridRAGError, type ErrorCode } from "../errors.ts";
import type { Store } from "../ports/store.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { assertion, chunkId, mention, versionOf } from "../testing/contract/examples.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { graphEditor, type GraphEditor } from "./edit-graph.ts";
import type { EditRequest } from "./edit-request.ts";
import { entityPage } from "./entity-page.ts";
import { evidencePath } from "./evidence-path.ts";
import { findEntity } from "./find-entity.ts";

const owner = ownerScope("t");

interface World {
  readonly store: Store;
  readonly editor: GraphEditor;
  edit(request: EditRequest, scope?: Scope): Promise<string>;
}

/** Kafka and Apache Kafka are one; Mercury is two things. */
async function world(): Promise<World> {
  const store = openMemoryStore();
  await store.prepare(contractIdentity);
  const texts: readonly (readonly [string, string, readonly string[]])[] = [
    ["a", "Kafka keeps a log.", ["Kafka"]],
    ["b", "Apache Kafka was made by Jay Kreps.", ["Apache Kafka", "Jay Kreps"]],
    ["c", "Mercury is a planet.", ["Mercury"]],
    ["d", "Mercury is a metal.", ["Mercury"]],
  ];
  for (const [id, part, names] of texts) {
    const mentions = names.map((name) => mention(chunkId(id, 0), name.toLowerCase(), "body", name));
    const assertions = id === "b" ? [assertion(chunkId(id, 0), "jay kreps", "apache kafka")] : [];
    await store.documents.put(owner, versionOf({ id, parts: [part], graph: { mentions, assertions } }));
  }
  let ids = 0;
  const editor = graphEditor(store, { now: () => Date.UTC(2026, 0, 1), newId: () => `e${++ids}` });
  return {
    store,
    editor,
    edit: async (request, scope = owner) => (await editor.edit(scope, request)).edit_id,
  };
}

const merge: EditRequest = { kind: "merge", entity: "the KAFKA", into: "Apache Kafka" };

const refused = (work: Promise<unknown>, code: ErrorCode, message: RegExp) =>
  assert.rejects(work, (error) => {
    assert.ok(isHybridRAGError(error), String(error));
    assert.deepEqual([error.code, error.retryable], [code, false]);
    assert.match(error.message, message);
    return true;
  });

describe("an edit of the graph", () => {
  test("takes any spelling of a name and says what it did", async () => {
    const { editor } = await world();
    assert.deepEqual(await editor.edit(owner, merge, { actor: "ann" }), {
      edit_id: "e1",
      sequence: 1,
      kind: "merge",
      entity: "kafka",
      into: "apache kafka",
      name: null,
      chunk_ids: [],
      document_ids: [],
      spellings: [],
      actor: "ann",
      created_at: "2026-01-01T00:00:00.000Z",
      undone: null,
    });
  });

  test("shows in entity pages and paths, with the sentences as they are written", async () => {
    const { store, edit } = await world();
    await edit(merge);
    await edit({ kind: "rename", entity: "Jay Kreps", name: "J. Kreps" });
    const page = await entityPage(store, owner, "kafka", 5);
    assert.deepEqual(
      page.evidence.map((one) => one.sentence),
      ["Kafka keeps a log.", "Apache Kafka was made by Jay Kreps."],
    );
    const { found, steps } = await evidencePath(store, owner, { from: "jay kreps", to: "Kafka" });
    assert.deepEqual(
      [found, steps.map(({ from, to, sentence }) => `${from} > ${to}: ${sentence}`)],
      [true, ["j kreps > apache kafka: Apache Kafka was made by Jay Kreps."]],
    );
  });

  test("of an unknown name tells the nearest", async () => {
    const { edit } = await world();
    await refused(edit({ ...merge, into: "Apache Kafke" }), "not_found", /nearest names are: Apache Kafka/);
    await refused(edit({ kind: "delete", entity: "Kafkaa" }), "not_found", /nearest names are: Kafka/);
  });

  test("of a deleted name tells the edit that deleted it, whatever else was done to it before", async () => {
    const { edit } = await world();
    await edit(merge);
    const deleted = await edit({ kind: "delete", entity: "kafka" });
    for (const entity of ["Kafka", "Apache Kafka"])
      await refused(edit({ kind: "rename", entity, name: "X" }), "not_found", /was deleted; .* undo the edit e2/);
    await refused(edit({ kind: "merge", entity: "mercury", into: "Apache Kafka" }), "not_found", new RegExp(deleted));
  });

  test("that would change nothing is refused", async () => {
    const { edit } = await world();
    await refused(edit({ ...merge, into: "KAFKA" }), "invalid_input", /one entity, “Kafka”, already/);
    await edit(merge);
    await refused(edit(merge), "invalid_input", /one entity/);
    await refused(edit({ kind: "rename", entity: "kafka", name: "Apache Kafka" }), "invalid_input", /called/);
    await refused(edit({ kind: "rename", entity: "kafka", name: "…" }), "invalid_input", /letter or a digit/);
  });

  test("does not take a name that another entity has, or had before an edit", async () => {
    const { edit } = await world();
    await refused(edit({ kind: "rename", entity: "kafka", name: "Mercury" }), "conflict", /merge the two/);
    await edit(merge);
    await refused(
      edit({ kind: "rename", entity: "mercury", name: "Kafka" }),
      "conflict",
      /“apache kafka” by the edit e1/,
    );
    await edit({ kind: "delete", entity: "jay kreps" });
    await refused(edit({ kind: "rename", entity: "mercury", name: "Jay Kreps" }), "conflict", /deleted .* the edit e2/);
    await edit({ kind: "rename", entity: "kafka", name: "Kafka" });
  });

  test("may give a part the name of the whole with brackets, by which it is found", async () => {
    const { store, edit } = await world();
    const id = await edit({ kind: "split", entity: "Mercury", name: "Mercury (metal)", document_ids: ["d"] });
    const found = async (name: string) => (await findEntity(store.graph, owner, name)).provenance;
    assert.deepEqual([await found("mercury (METAL)"), await found("Mercury")], [["d:0"], ["c:0"]]);
    await refused(
      edit({ kind: "split", entity: "Kafka", name: "Mercury (metal)", document_ids: ["a"] }),
      "conflict",
      /“Mercury \(metal\)”/,
    );
    await graphEditor(store, { now: () => 0, newId: () => "u" }).undo(owner, id);
    assert.deepEqual(await found("Mercury (metal)"), ["c:0", "d:0"]);
  });

  test("that splits needs mentions that are there, and leaves some", async () => {
    const { store, edit } = await world();
    const split = (which: Partial<EditRequest>) =>
      edit({ kind: "split", entity: "mercury", name: "Quicksilver", ...which } as EditRequest);
    await refused(split({}), "invalid_input", /Say which mentions leave/);
    await refused(split({ chunk_ids: ["a:0"] }), "not_found", /“Mercury” is not mentioned in the passages a:0/);
    await refused(split({ document_ids: ["z"] }), "not_found", /in the documents z/);
    await refused(split({ spellings: ["Merkur"] }), "not_found", /nowhere written Merkur/);
    await refused(split({ spellings: ["Mercury"] }), "conflict", /Nothing would be left/);
    await refused(split({ name: "Kafka", document_ids: ["d"] }), "conflict", /There is an entity “Kafka”/);
    await split({ document_ids: ["d"] });
    assert.deepEqual((await findEntity(store.graph, owner, "quicksilver")).provenance, ["d:0"]);
    assert.deepEqual((await findEntity(store.graph, owner, "mercury")).provenance, ["c:0"]);
  });

  test("with a fault is refused at its place", async () => {
    const { editor } = await world();
    for (const [request, path] of [
      [{}, "/kind"],
      [{ kind: "merge", entity: "kafka" }, "/into"],
      [{ kind: "rename", entity: "kafka", name: "  " }, "/name"],
      [{ kind: "split", entity: "kafka", name: "x", chunk_ids: [1] }, "/chunk_ids/0"],
    ] as const)
      await assert.rejects(editor.edit(owner, request), (error) => {
        assert.ok(isHybridRAGError(error) && error.code === "invalid_input");
        assert.equal(error.details["path"], path);
        return true;
      });
  });

  test("is for whoever reads everything of the tenant", async () => {
    const { editor } = await world();
    const clerk: Scope = { tenant: "t", principals: ["clerk"] };
    await refused(editor.edit(clerk, merge), "forbidden", /whole tenant/);
    await refused(editor.undo(clerk, "e1"), "forbidden", /whole tenant/);
    await refused(editor.edits(clerk, { limit: 5 }), "forbidden", /whole tenant/);
  });

  test("is checked again when another came first", async () => {
    const { store, editor } = await world();
    let overtaken = false;
    const graph = {
      ...store.graph,
      edit: async (...args: Parameters<typeof store.graph.edit>) => {
        if (!overtaken) {
          overtaken = true;
          await editor.edit(owner, merge);
        }
        return store.graph.edit(...args);
      },
    };
    const slow = graphEditor({ ...store, graph });
    await refused(slow.edit(owner, merge), "invalid_input", /one entity/);
    overtaken = false;
    const busy = { ...graph, edit: () => Promise.reject(new HybridRAGError("conflict", "x", { retryable: true })) };
    await assert.rejects(graphEditor({ ...store, graph: busy }).edit(owner, { kind: "delete", entity: "mercury" }), {
      code: "conflict",
    });
  });
});

describe("an undo", () => {
  test("of any edit leaves the others", async () => {
    const { store, editor, edit } = await world();
    const first = await edit(merge);
    await edit({ kind: "rename", entity: "apache kafka", name: "Kafka Streams" });
    const { undone } = await editor.undo(owner, first, { actor: "ann" });
    assert.deepEqual(undone, { actor: "ann", at: "2026-01-01T00:00:00.000Z" });
    assert.equal((await findEntity(store.graph, owner, "kafka")).name, "Kafka");
    assert.equal((await findEntity(store.graph, owner, "apache kafka")).name, "Kafka Streams");
  });

  test("of what is unknown, undone or an undo is refused", async () => {
    const { store, editor, edit } = await world();
    const id = await edit(merge);
    await editor.undo(owner, id);
    await refused(editor.undo(owner, id), "conflict", /undone already/);
    await refused(editor.undo(owner, "nope"), "not_found", /no such edit/);
    await refused(editor.undo(owner, (await store.graph.edits(owner))[1]!.edit_id), "not_found", /no such edit/);
  });

  test("waits for later edits that speak of the name that it made or freed", async () => {
    const { editor, edit } = await world();
    const renamed = await edit({ kind: "rename", entity: "mercury", name: "Planet" });
    const merged = await edit({ kind: "merge", entity: "kafka", into: "planet" });
    const split = await edit({ kind: "split", entity: "planet", name: "Metal", document_ids: ["d"] });
    await assert.rejects(editor.undo(owner, renamed), (error) => {
      assert.ok(isHybridRAGError(error) && error.code === "conflict");
      assert.deepEqual(error.details["edits"], [split, merged]);
      return true;
    });
    for (const id of [split, merged, renamed]) await editor.undo(owner, id);
  });

  test("of a merge does not wait for what was done to the entity that was merged into", async () => {
    const { store, editor, edit } = await world();
    const merged = await edit(merge);
    await edit({ kind: "merge", entity: "apache kafka", into: "jay kreps" });
    await editor.undo(owner, merged);
    assert.deepEqual((await findEntity(store.graph, owner, "kafka")).provenance, ["a:0"]);
  });
});

test("edits are listed newest first, page by page, the undone among them", async () => {
  const { editor, edit } = await world();
  const first = await edit(merge);
  await editor.undo(owner, first);
  await edit({ kind: "delete", entity: "mercury" });
  await edit(merge);
  const page = await editor.edits(owner, { limit: 2 });
  assert.deepEqual(
    page.items.map(({ kind, undone }) => [kind, undone === null]),
    [
      ["merge", true],
      ["delete", true],
    ],
  );
  const last = await editor.edits(owner, { limit: 2, cursor: page.next });
  assert.deepEqual([last.items.map((one) => one.undone !== null), last.next], [[true], null]);
  await refused(editor.edits(owner, { limit: 2, cursor: "bm9wZQ" }), "invalid_input", /cursor/);
  for (const limit of [0, 1.5, NaN]) await refused(editor.edits(owner, { limit }), "invalid_input", /at least one/);
});
