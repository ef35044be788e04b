import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { GraphChange, GraphEdit } from "../records.ts";
import { activeEdits, editedNames, targetOf, type NameChange } from "./edited-names.ts";

const edits = (...changes: readonly GraphChange[]): readonly GraphEdit[] =>
  changes.map((change, at) => ({ edit_id: `e${at + 1}`, sequence: at + 1, actor: "a", created_at: "2026", change }));

const rename = (entity: string, into: string): NameChange => ({
  kind: "rename",
  entity,
  into,
  name: into.toUpperCase(),
});
const place = (entity: string, name: string | null = null) => ({ entity, chunk_id: "c", document_id: "d", name });

test("a name goes through the edits in their order, each once", () => {
  const names = editedNames(edits(rename("a", "b"), rename("b", "c"), rename("c", "a")));
  assert.deepEqual(["a", "b", "c"].map(names.entityOf), ["a", "a", "a"]);
  assert.deepEqual(
    names.editsOf("b").map((edit) => edit.edit_id),
    ["e2", "e3"],
  );
  const back = editedNames(edits(rename("b", "c"), rename("a", "b")));
  assert.deepEqual(["a", "b"].map(back.entityOf), ["b", "c"]);
});

test("a split takes the mentions that it names and no name", () => {
  const split = { kind: "split", entity: "a", into: "b", name: "B", chunk_ids: [], document_ids: [] } as const;
  const names = editedNames(edits({ ...split, spellings: ["A!"] }));
  assert.deepEqual(
    [
      names.entityAt(place("a", "A!")),
      names.entityAt(place("a", "A")),
      names.entityAt(place("a")),
      names.entityOf("a"),
    ],
    ["b", "a", "a", "a"],
  );
  const elsewhere = { ...place("a"), chunk_id: "x", document_id: "y" };
  for (const which of [{ chunk_ids: ["c"] }, { document_ids: ["d"] }]) {
    const some = editedNames(edits({ ...split, spellings: [], ...which }));
    assert.deepEqual([some.entityAt(place("a")), some.entityAt(elsewhere)], ["b", "a"]);
  }
});

test("an undone edit is as if it had not been made, and an undo alone means nothing", () => {
  const names = editedNames(edits(rename("a", "b"), { kind: "undo", edit_id: "e1" }, { kind: "undo", edit_id: "e9" }));
  assert.deepEqual([names.entityOf("a"), names.givenName("b"), [...names.touched]], ["a", undefined, []]);
});

const name = fc.constantFrom("a", "b", "c", "d");
const change: fc.Arbitrary<NameChange> = fc.oneof(
  fc.tuple(name, name).map(([from, into]) => rename(from, into)),
  name.map((entity) => ({ kind: "delete" as const, entity })),
  fc.tuple(name, name, fc.constantFrom("x", "y")).map(([entity, into, spelling]) => ({
    kind: "split" as const,
    entity,
    into,
    name: into,
    chunk_ids: [],
    document_ids: [],
    spellings: [spelling],
  })),
);

/** All mentions of a world, changed by one edit after the other. */
function slowly(changes: readonly NameChange[], entity: string, spelling: string): string | null {
  return changes.reduce<string | null>((current, one) => {
    const isTaken = current === one.entity && (one.kind !== "split" || one.spellings.includes(spelling));
    return isTaken ? targetOf(one) : current;
  }, entity);
}

test("mentions end where they would if each edit had changed them all, and are found again from there", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 8 }),
      name,
      fc.constantFrom("x", "y", "z"),
      (changes, entity, spelling) => {
        const names = editedNames(edits(...changes));
        const end = names.entityAt(place(entity, spelling));
        assert.equal(end, slowly(changes, entity, spelling));
        if (end !== null) assert.ok(names.saidAs([end]).has(entity));
        assert.equal(activeEdits(edits(...changes)).length, changes.length);
      },
    ),
  );
});
