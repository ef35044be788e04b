import assert from "node:assert/strict";
import fc from "fast-check";
import type { Filter } from "../../filter/filter.ts";
import { matches } from "../../filter/matches.ts";
import { parseFilter } from "../../filter/parse-filter.ts";
import type { Metadata } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { filter, metadata } from "../arbitraries.ts";
import type { ContractCase, World } from "./case.ts";
import { allPages, versionOf } from "./examples.ts";
import { sortedIds } from "./expect.ts";
import { runs } from "./random.ts";

const idAt = (index: number): string => `d${String(index).padStart(3, "0")}`;

/** One document with one chunk for each. */
async function putAll({ store }: World, scope: Scope, all: readonly Metadata[]): Promise<void> {
  const versions = all.map((own, index) => versionOf({ id: idAt(index), parts: ["walrus"], metadata: own }));
  await Promise.all(versions.map((version) => store.documents.put(scope, version)));
  await store.settle();
}

const listed = async ({ store }: World, scope: Scope, wanted: Filter): Promise<readonly string[]> =>
  (await allPages((page) => store.documents.list(scope, { ...page, filter: wanted }), 40)).map((d) => d.document_id);

async function searched(
  { store }: World,
  scope: Scope,
  wanted: Filter,
  leg: "vector" | "text",
): Promise<readonly string[]> {
  const vector = versionOf({ id: "q", parts: ["walrus"] }).chunks[0]!.vector;
  const request = leg === "vector" ? { vector, text: null } : { vector: null, text: { query: "walrus" } };
  const result = await store.chunks.search(scope, { ...request, filter: wanted, candidates: 1000 });
  const ids = sortedIds(result).map((id) => id.split(":")[0]!);
  assert.equal(result.allowed, ids.length);
  return ids;
}

/** Which of these a filter lets through, by their names, in every way a store can be asked. */
async function admitted(
  world: World,
  all: Readonly<Record<string, unknown>>,
  query: unknown,
): Promise<readonly string[]> {
  const scope = world.tenant();
  const names = Object.keys(all);
  await putAll(
    world,
    scope,
    Object.values(all).map((value) => (value === undefined ? {} : { value }) as Metadata),
  );
  const ids = await listed(world, scope, parseFilter(query)!);
  return ids.map((id) => names[Number(id.slice(1))]!);
}

const at = (longitude: number, latitude: number) => ({ type: "Point", coordinates: [longitude, latitude] });

export const filterCases: readonly ContractCase[] = [
  {
    name: "ids that begin alike are those from one text up to another, in the order of code points",
    needs: "search",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      const ids = ["a", "a!", "a#1", "a#p10", "a#é", "a#𐍈", "a$", "a%", "b#1", "2020-01-02", "2020-01-02#1"];
      for (const id of ids) await store.documents.put(scope, versionOf({ id, parts: ["walrus"] }));
      await store.settle();
      const between = async (query: object) => {
        const wanted = parseFilter({ document_id: query })!;
        const found = await listed(world, scope, wanted);
        for (const leg of ["vector", "text"] as const)
          assert.deepEqual((await searched(world, scope, wanted, leg)).toSorted(), found.toSorted());
        return found;
      };
      assert.deepEqual(await between({ $gte: "a#", $lt: "a$" }), ["a#1", "a#p10", "a#é", "a#𐍈"]);
      assert.deepEqual(await between({ $gte: "2020-01-02#", $lt: "2020-01-02$" }), ["2020-01-02#1"]);
      assert.deepEqual(await between({ $gte: "b", $lt: "a" }), []);
      // Instants are compared as such, however they are written.
      assert.deepEqual(await between({ $gte: "2020-01-02T00:00:00Z", $lt: "2020-01-03" }), ["2020-01-02"]);
    },
  },
  {
    name: "listings obey any filter on any metadata as the reference does",
    async run(world) {
      await agreesWithReference(world, 30, (scope, wanted) => listed(world, scope, wanted));
    },
  },
  {
    name: "the vector leg obeys any filter on any metadata as the reference does",
    needs: "search",
    async run(world) {
      await agreesWithReference(world, 30, (scope, wanted) => searched(world, scope, wanted, "vector"));
    },
  },
  {
    name: "the text leg obeys any filter on any metadata as the reference does",
    needs: "search",
    async run(world) {
      await agreesWithReference(world, 30, (scope, wanted) => searched(world, scope, wanted, "text"));
    },
  },
  {
    name: "instants are compared as instants, whatever their zone; other text by code point",
    async run(world) {
      const all = {
        utc: "2026-01-01T00:00:00Z",
        date: "2026-01-01",
        east: "2026-01-01T02:00:00+02:00",
        later: "2026-01-01T00:00:00.001Z",
        earlier: "2026-01-01T00:30:00+01:00",
        text: "2026-01-01 is a day",
        number: 2026,
        absent: undefined,
      };
      const found = (query: unknown) => admitted(world, all, { "metadata.value": query });
      assert.deepEqual(await found({ $eq: "2025-12-31T23:00:00-01:00" }), ["utc", "date", "east"]);
      assert.deepEqual(await found({ $gt: "2026-01-01" }), ["later", "text"]);
      assert.deepEqual(await found({ $lt: "2026-01-01T00:00:00Z" }), ["earlier", "text"]);
      assert.deepEqual(await found({ $gte: 2000 }), ["number"]);
    },
  },
  {
    name: "null matches what is missing, and negations match it too",
    async run(world) {
      const all = { none: null, absent: undefined, list: [null, 1], empty: [], one: 1, two: 2 };
      const found = (query: unknown) => admitted(world, all, { "metadata.value": query });
      assert.deepEqual(await found(null), ["none", "absent", "list"]);
      assert.deepEqual(await found({ $ne: 1 }), ["none", "absent", "empty", "two"]);
      assert.deepEqual(await found({ $nin: [1, null] }), ["empty", "two"]);
      assert.deepEqual(await found({ $exists: true }), ["none", "list", "empty", "one", "two"]);
      assert.deepEqual(await found({ $not: { $gt: 1 } }), ["none", "absent", "list", "empty", "one"]);
    },
  },
  {
    name: "a list matches by any of its elements",
    async run(world) {
      const all = { both: ["a", "b"], one: ["b"], scalar: "a", mixed: [1, "a", true], numbers: [1, 9] };
      const found = (query: unknown) => admitted(world, all, { "metadata.value": query });
      assert.deepEqual(await found("a"), ["both", "scalar", "mixed"]);
      assert.deepEqual(await found({ $in: ["b", 9] }), ["both", "one", "numbers"]);
      assert.deepEqual(await found({ $gt: 5, $lt: 5 }), ["numbers"]);
    },
  },
  {
    name: "values of different types are never equal",
    async run(world) {
      const all = { one: 1, text: "1", yes: true, word: "true", zero: 0, no: false, empty: "" };
      const found = (query: unknown) => admitted(world, all, { "metadata.value": query });
      for (const [name, value] of Object.entries(all)) assert.deepEqual(await found(value), [name]);
      assert.deepEqual(await found({ $gte: 0 }), ["one", "zero"]);
      assert.deepEqual(await found({ $gte: "" }), ["text", "word", "empty"]);
    },
  },
  {
    name: "a shape may cross the antimeridian and hold a pole",
    async run(world) {
      const all = {
        fiji: at(178.4, -18.1),
        samoa: at(-171.8, -13.8),
        sydney: at(151.2, -33.9),
        pole: at(77, 90),
        svalbard: at(15.6, 78.2),
        bering: at(-179.99, 78.2),
        text: "somewhere",
      };
      const within = (shape: unknown) => admitted(world, all, { "metadata.value": { $geoWithin: shape } });
      assert.deepEqual(
        await within({
          $box: [
            [170, -30],
            [-170, 0],
          ],
        }),
        ["fiji", "samoa"],
      );
      assert.deepEqual(await within({ circle: { center: at(-179, -16), radius: 900_000 } }), ["fiji", "samoa"]);
      assert.deepEqual(await within({ circle: { center: at(0, 90), radius: 1_400_000 } }), [
        "pole",
        "svalbard",
        "bering",
      ]);
      assert.deepEqual(await within({ circle: { center: at(180, 78), radius: 30_000 } }), ["bering"]);
      const ring = [
        [150, -40],
        [179, -40],
        [179, -10],
        [150, -10],
        [150, -40],
      ];
      assert.deepEqual(await within({ $geometry: { type: "Polygon", coordinates: [ring] } }), ["fiji", "sydney"]);
      const near = { $near: { $geometry: at(179.9, 78.2), $minDistance: 1000, $maxDistance: 10_000 } };
      assert.deepEqual(await admitted(world, all, { "metadata.value": near }), ["bering"]);
    },
  },
  {
    name: "paths lead into nested metadata and nowhere else",
    async run(world) {
      const all = { deep: { a: { b: "x" } }, short: { a: "x" }, other: { b: { a: "x" } }, none: null };
      assert.deepEqual(await admitted(world, all, { "metadata.value.a.b": "x" }), ["deep"]);
      assert.deepEqual(await admitted(world, all, { "metadata.value.a": { $exists: true } }), ["deep", "short"]);
    },
  },
  {
    name: "a dot in a name is not a path",
    async run(world) {
      const all = { deep: { a: { b: "x" } }, flat: { "a.b": "x" } };
      assert.deepEqual(await admitted(world, all, { "metadata.value.a.b": "x" }), ["deep"]);
    },
  },
  {
    name: "deep nesting and long lists of values are obeyed",
    async run(world) {
      const scope = world.tenant();
      await putAll(
        world,
        scope,
        Array.from({ length: 12 }, (_, n) => ({ n })),
      );
      let wanted: Filter = { op: "in", field: "metadata.n", values: Array.from({ length: 500 }, (_, n) => n * 2) };
      for (let depth = 0; depth < 12; depth++) {
        const not: Filter = { op: "not", filter: wanted };
        wanted = { op: "or", filters: [{ op: "and", filters: [not, { op: "gte", field: "metadata.n", value: 3 }] }] };
      }
      const expected = Array.from({ length: 12 }, (_, n) => n).filter((n) =>
        matches(wanted, { document_id: "", metadata: { n } }),
      );
      assert.deepEqual(await listed(world, scope, wanted), expected.map(idAt));
    },
  },
  {
    name: "values are data, whatever they spell",
    async run(world) {
      const all = { quote: "' OR 1=1 --", dollar: "$ne", regex: ".*", percent: "%", brace: '{"$gt": ""}' };
      for (const [name, value] of Object.entries(all)) {
        assert.deepEqual(await admitted(world, all, { "metadata.value": value }), [name]);
      }
    },
  },
];

async function agreesWithReference(
  world: World,
  size: number,
  ask: (scope: Scope, wanted: Filter) => Promise<readonly string[]>,
): Promise<void> {
  const sample = fc.record({
    all: fc.array(metadata(), { minLength: size, maxLength: size }),
    filters: fc.array(filter([idAt(0), idAt(7)]), { minLength: 12, maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(sample, async ({ all, filters }) => {
      const scope = world.tenant();
      await putAll(world, scope, all);
      for (const wanted of filters) {
        const expected = all.flatMap((own, index) => {
          const document_id = idAt(index);
          return matches(wanted, { document_id, metadata: { ...own, source: `${document_id}.txt` } })
            ? document_id
            : [];
        });
        assert.deepEqual(await ask(scope, wanted), expected, JSON.stringify(wanted));
      }
    }),
    runs(world.effort, 8),
  );
}
