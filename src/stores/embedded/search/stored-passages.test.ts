import assert from "node:assert/strict";
import { test } from "node:test";
import type { SnapshotFiles } from "../index/snapshot-files.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { storedPassages } from "./stored-passages.ts";

const passageOf = (slot: number) => ({ chunk_id: `c${slot}`, document_id: "d", vector: Float32Array.of(slot) });
const bits = { mean: Float32Array.of(0), rows: { buffer: new ArrayBuffer(0), grow: () => 0 } };

/** Slots 0 to 2 are of the base, whose file tells some of them; keys are slots plus 10. */
function world(told: readonly number[], base: object = { bits, snapshot: "one", chunkKeys: [10, 11, 12] }) {
  const asked: number[][] = [];
  const all = (_sql: string, keys: string) => {
    asked.push(JSON.parse(keys) as number[]);
    return (JSON.parse(keys) as number[]).map((key) => {
      const { vector, ...name } = passageOf(key - 10);
      return { chunk_key: key, ...name, vector: new Uint8Array(vector.buffer) };
    });
  };
  const slots = { chunkKeys: [10, 11, 12, 13, 14] };
  const index = { base, slots, slotOf: (key: number) => key - 10 } as unknown as TenantIndex;
  const readPassages: SnapshotFiles["readPassages"] = (_base, wanted) =>
    new Map(wanted.filter((slot) => told.includes(slot)).map((slot) => [slot, passageOf(slot)]));
  return { asked, stored: storedPassages({ all } as unknown as Database, index, { readPassages } as SnapshotFiles) };
}

test("the database is asked for what the file of the base does not tell, and once", () => {
  const { asked, stored } = world([0, 2]);
  const slots = [4, 2, 1, 0];
  const vectors = stored.vectors(slots);
  assert.deepEqual(
    [...vectors],
    slots.map((slot) => [slot, passageOf(slot).vector]),
  );
  assert.deepEqual(
    [...stored.names(slots)],
    slots.map((slot) => [slot, { chunk_id: `c${slot}`, document_id: "d" }]),
  );
  assert.deepEqual(asked, [[14, 11]]);
});

test("a base without such a file has everything from the database", () => {
  for (const base of [
    { bits: null, snapshot: "one", chunkKeys: [10, 11, 12] },
    { bits, snapshot: "", chunkKeys: [10, 11, 12] },
  ]) {
    const { asked, stored } = world([0, 1, 2], base);
    assert.equal(stored.vectors([0, 1]).size, 2);
    assert.deepEqual(asked, [[10, 11]]);
  }
});
