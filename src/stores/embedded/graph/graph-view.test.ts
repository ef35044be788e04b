import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareText } from "../../../filter/matches.ts";
import { englishAnalyzer } from "../../../text/analyze.ts";
import { emptyBase } from "../index/index-base.ts";
import { tenantIndex, type IndexRow, type TenantIndex } from "../index/tenant-index.ts";
import { asTitle, inBody, openGraphSegment } from "./graph-segment.ts";
import { graphView } from "./graph-view.ts";
import { countDensity } from "./link-density.ts";
import { mentionsIn } from "./row-mentions.ts";

const analyzer = englishAnalyzer();
const names = ["red", "red topic", "big red topic", "topic", "reddish", "é red", "𐍈 red", "a b c d e f g h red"];

const passage = fc.array(
  fc.record({ entity: fc.constantFrom(...names), flags: fc.constantFrom(asTitle, inBody, asTitle | inBody) }),
  { maxLength: 4 },
);

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.array(passage, { minLength: 1, maxLength: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.array(fc.nat(60)) }) },
  {
    weight: 2,
    arbitrary: fc.record({ rename: fc.array(fc.tuple(fc.nat(60), passage), { minLength: 1, maxLength: 10 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ freeze: true }) },
);

type Row = Pick<IndexRow, "chunk_key" | "names">;

const rowOf = ({ chunk_key, names: own }: Row): IndexRow => ({
  chunk_key,
  chunk_id: `c${(chunk_key * 7919) % 100_003}`,
  metadata_id: 1,
  document_key: 1,
  title: "",
  content: "x",
  vector: null,
  names: own,
});

/** Everything that a walk could learn of the names, as ids. */
function told(index: TenantIndex): unknown {
  const view = graphView(index, { of: "all" });
  const ids = (places: readonly { readonly chunk_id: string }[] | null) => places?.map((place) => place.chunk_id);
  return {
    density: countDensity(index, { isSeen: index.slots.isAlive, seesAll: false }),
    names: names
      .map(view.name)
      .map((name) => [
        view.weight(name),
        ids(view.titled(name)),
        ids(view.standing(name, 3)),
        ids(view.namingLonger(name, 5)),
      ]),
  };
}

function eachOnce(own: IndexRow["names"]): IndexRow["names"] {
  const flags = new Map(own.map(({ entity }) => [entity, 0]));
  for (const name of own) flags.set(name.entity, flags.get(name.entity)! | name.flags);
  return Array.from(flags, ([entity, flag]) => ({ entity, flags: flag }));
}

test("whatever was added, removed, renamed and frozen before, the graph is that of what is left", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
      let index = tenantIndex(emptyBase(1, 0), analyzer);
      const living = new Map<number, Row>();
      let next = 1;
      for (const one of steps) {
        if ("add" in one) {
          const rows = one.add.map((own) => ({ chunk_key: next++, names: eachOnce(own) }));
          index.add(rows.map(rowOf));
          for (const row of rows) living.set(row.chunk_key, row);
        } else if ("remove" in one) {
          index.remove(one.remove);
          for (const key of one.remove) living.delete(key);
        } else if ("rename" in one) {
          const renamed = new Map(one.rename.map(([key, own]) => [key, { chunk_key: key, names: eachOnce(own) }]));
          index.rename([...renamed.values()].map(rowOf));
          for (const [key, row] of renamed) if (living.has(key)) living.set(key, row);
        } else index = tenantIndex(index.freeze("s"), analyzer);
      }
      const fresh = tenantIndex(emptyBase(1, 0), analyzer);
      if (living.size > 0) fresh.add([...living.values()].map(rowOf));
      assert.deepEqual(told(index), told(fresh));
    }),
    { numRuns: 200 },
  );
});

test("finds the longer names that hold words side by side, up to seven words", () => {
  const index = tenantIndex(emptyBase(1, 0), analyzer);
  index.add(names.map((entity, key) => rowOf({ chunk_key: key + 1, names: [{ entity, flags: inBody }] })));
  const view = graphView(index, { of: "all" });
  const longer = (name: string): readonly string[] =>
    (view.namingLonger(view.name(name), 50) ?? [])
      .flatMap((place) => view.namesIn(place).map((one) => one.name.entity))
      .toSorted();
  assert.deepEqual(longer("red"), ["big red topic", "red topic", "é red", "𐍈 red"]);
  assert.deepEqual(longer("red topic"), ["big red topic"]);
  assert.deepEqual(longer("reddish"), []);
  assert.equal(view.namingLonger(view.name("red"), 3), null);
});

test("what a passage mentions of some names is the same, whether noted by name or looked for in each passage", () => {
  fc.assert(
    fc.property(
      fc.array(passage, { minLength: 1, maxLength: 20 }),
      fc.subarray(names.toSorted(compareText)),
      (own, asked) => {
        const index = tenantIndex(emptyBase(1, 0), analyzer);
        index.add(own.map((one, key) => rowOf({ chunk_key: key + 1, names: eachOnce(one) })));
        const view = graphView(index, { of: "all" });
        const told = index.graph.segments.map((segment, part) =>
          [Infinity, 0].map((most) => {
            const mentioned = mentionsIn(segment, part, asked.map(view.name), most);
            return Array.from({ length: segment.rows }, (_none, row) => mentioned(row));
          }),
        );
        for (const [noted, sought] of told) assert.deepEqual(noted, sought);
        const wanted = own.flatMap((one) => eachOnce(one).filter(({ entity }) => asked.includes(entity)));
        assert.equal(told.flatMap(([noted]) => noted!.flat()).length, wanted.length);
      },
    ),
    { numRuns: 100 },
  );
});

test("bytes that are no segment are refused", () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(64));
  assert.throws(() => openGraphSegment(bytes), { code: "data_damaged" });
});
