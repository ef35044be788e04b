import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { englishAnalyzer } from "../../../text/analyze.ts";
import { scoreRows } from "../text/score-rows.ts";
import { emptyBase } from "./index-base.ts";
import { tenantIndex, type IndexRow, type TenantIndex } from "./tenant-index.ts";

const analyzer = englishAnalyzer();
const dimensions = 4;
const words = ["walrus", "heron", "otter", "badger"];
const query = Float32Array.of(0.5, 0.5, 0.5, 0.5);

/** Always the same chunk for the same key; every fifth has no vector. */
function rowOf(chunk_key: number): IndexRow {
  const raw = [1, 2, 3, 4].map((i) => Math.sin(chunk_key * i));
  const length = Math.hypot(...raw);
  return {
    chunk_key,
    metadata_id: chunk_key % 3,
    document_key: chunk_key >> 1,
    title: words[chunk_key % 4]!,
    content: [words[(chunk_key * 3) % 4], words[(chunk_key >> 2) % 4], `n${chunk_key}`].join(" "),
    chunk_id: `c${chunk_key}`,
    names: [],
    vector: chunk_key % 5 === 0 ? null : Float32Array.from(raw, (x) => x / length),
  };
}

/** Everything that a search could learn, by chunk key. */
function seen(index: TenantIndex): unknown {
  const { slots } = index;
  const terms = ["walrus", "otter", "n7"].map((term) => ({ weight: 1, alternatives: [{ term, weight: 1 }] }));
  const text = scoreRows(index.text, { tenant: 1, terms, allowed: slots.alive() });
  const vector = index.vectors.scan(query, slots.alive(), slots.size);
  const living = Array.from({ length: slots.size }, (_none, slot) => slot).filter((slot) => slots.isAlive(slot));
  return {
    rows: living.map((slot) => [
      slots.chunkKeys[slot],
      slots.metadataIds[slot],
      slots.documentKeys[slot],
      text.scores[slot],
      vector.scores[slot],
    ]),
    text: [text.moments, text.matched, text.corpusSize, text.documentFrequencies],
    count: vector.moments.count,
    found: living.map((slot) => index.slotOf(slots.chunkKeys[slot]!) === slot),
  };
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), rows: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), picks: fc.array(fc.nat(200)) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("freeze" as const) }) },
);

test("whatever was added, removed and frozen before, the index is that of what is left", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let index = tenantIndex(emptyBase(1, dimensions), analyzer);
      const living = new Set<number>();
      let next = 1;
      for (const one of steps) {
        if (one.kind === "add") {
          const keys = Array.from({ length: one.rows }, () => next++);
          index.add(keys.map(rowOf));
          for (const key of keys) living.add(key);
        } else if (one.kind === "remove") {
          index.remove(one.picks);
          for (const key of one.picks) living.delete(key);
        } else {
          index = tenantIndex(index.freeze("base"), analyzer);
          assert.equal(index.changed, 0);
        }
      }
      const pure = tenantIndex(emptyBase(1, dimensions), analyzer);
      pure.add([...living].map(rowOf));
      assert.deepEqual(seen(index), seen(pure));
    }),
    { numRuns: 60 },
  );
});

test("an index with many changes scans them as it scans its base", () => {
  const keys = Array.from({ length: 3000 }, (_none, at) => at + 1);
  const grown = tenantIndex(emptyBase(1, dimensions), analyzer);
  for (let from = 0; from < keys.length; from += 500) grown.add(keys.slice(from, from + 500).map(rowOf));
  const frozen = tenantIndex(grown.freeze("base"), analyzer);
  assert.deepEqual(seen(frozen), seen(grown));
});
