import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { Filter } from "../../filter/filter.ts";
import { matches } from "../../filter/matches.ts";
import type { Store } from "../../ports/store.ts";
import type { Metadata } from "../../records.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";
import { nativeFilter } from "./native-filter.ts";
import { fieldsOf } from "./indexes.ts";

const fields = [
  { path: "metadata.color", kind: "string" },
  { path: "metadata.when", kind: "date" },
  { path: "metadata.amount", kind: "number" },
  { path: "metadata.open", kind: "boolean" },
] as const;

const colors = ["red", "blue", "Ünïcode", "", "a b"];
const instants = ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", "2025-06-01T10:00:00.250Z"];
const amounts = [-1, 0, 0.5, 3, 1e9];

const oneOrMore = <T>(values: readonly T[]) =>
  fc.oneof(fc.constantFrom(...values), fc.array(fc.constantFrom(...values), { maxLength: 3 }));

const metadata = (): fc.Arbitrary<Metadata> =>
  fc.record(
    {
      color: oneOrMore(colors),
      when: oneOrMore(instants),
      amount: oneOrMore(amounts),
      open: fc.boolean(),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Metadata>;

/** Filters that the indexes can say. */
const native = (): fc.Arbitrary<Filter> => {
  const { filter } = fc.letrec<{ filter: Filter; leaf: Filter }>((tie) => ({
    leaf: fc.oneof(
      fc.record({
        op: fc.constant("eq" as const),
        field: fc.constant("metadata.color"),
        value: fc.constantFrom(...colors),
      }),
      fc.record({
        op: fc.constant("in" as const),
        field: fc.constant("metadata.color"),
        values: fc.array(fc.constantFrom(...colors), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        op: fc.constantFrom("eq" as const, "gt" as const, "gte" as const, "lt" as const, "lte" as const),
        field: fc.constant("metadata.when"),
        value: fc.constantFrom(...instants),
      }),
      fc.record({
        op: fc.constantFrom("eq" as const, "gt" as const, "gte" as const, "lt" as const, "lte" as const),
        field: fc.constant("metadata.amount"),
        value: fc.constantFrom(...amounts),
      }),
      fc.record({ op: fc.constant("eq" as const), field: fc.constant("metadata.open"), value: fc.boolean() }),
      fc.record({
        op: fc.constant("eq" as const),
        field: fc.constant("document_id"),
        value: fc.constantFrom("d0", "d3"),
      }),
    ) as fc.Arbitrary<Filter>,
    filter: fc.oneof(
      { depthSize: "small" },
      { weight: 2, arbitrary: tie("leaf") },
      fc.record({
        op: fc.constantFrom("and" as const, "or" as const),
        filters: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
      }) as fc.Arbitrary<Filter>,
    ),
  }));
  return filter;
};

let server: MongoServer;
let store: Store;
before(async () => {
  server = await startMongoServer({ profile: "8.2" });
  store = await openMongoStore({ uri: server.uri, indexes: { fields } });
  await store.prepare(contractIdentity);
});
after(async () => {
  await store.close();
  await server.close();
});

test("a filter that runs inside the search lets through what the reference does, in both legs", async () => {
  const sample = fc.record({
    all: fc.array(metadata(), { minLength: 12, maxLength: 12 }),
    filters: fc.array(native(), { minLength: 10, maxLength: 10 }),
  });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(sample, async ({ all, filters }) => {
      const scope = ownerScope(`tenant-${round++}`);
      const versions = all.map((own, index) => versionOf({ id: `d${index}`, parts: ["walrus"], metadata: own }));
      for (const version of versions) await store.documents.put(scope, version);
      await store.settle();
      const vector = versions[0]!.chunks[0]!.vector;
      server.journal.clear();
      for (const filter of filters) {
        assert.ok(nativeFilter(filter, fieldsOf({ fields })), `not native: ${JSON.stringify(filter)}`);
        const expected = versions
          .filter(({ document }) => matches(filter, document))
          .map(({ document }) => document.document_id);
        for (const request of [
          { vector, text: null },
          { vector: null, text: { query: "walrus" } },
        ]) {
          const found = await store.chunks.search(scope, { ...request, filter, candidates: 100 });
          const ids = found.candidates.map(({ chunk }) => chunk.document_id).toSorted();
          assert.deepEqual(ids, expected.toSorted(), JSON.stringify(filter));
          assert.equal(found.allowed, expected.length);
        }
      }
      assert.deepEqual(server.journal.silences(), []);
    }),
    { numRuns: 6 },
  );
});

test("what a declared field's index cannot see is still filtered as the reference does", async () => {
  const scope = ownerScope("odd");
  const all: Readonly<Record<string, Metadata>> = {
    text: { when: "2026-01-01 is a day" },
    fine: { when: "2026-01-01T00:00:00.0001Z" },
    date: { when: "2026-01-01" },
    number: { when: 5 },
  };
  for (const [id, own] of Object.entries(all))
    await store.documents.put(scope, versionOf({ id, parts: ["walrus"], metadata: own }));
  await store.settle();
  const filter: Filter = { op: "gt", field: "metadata.when", value: "2026-01-01" };
  const found = await store.chunks.search(scope, { vector: null, text: { query: "walrus" }, filter, candidates: 9 });
  assert.deepEqual(found.candidates.map(({ chunk }) => chunk.document_id).toSorted(), ["fine", "text"]);
});
