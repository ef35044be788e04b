import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Filter } from "../../../filter/filter.ts";
import { matches } from "../../../filter/matches.ts";
import type { Metadata } from "../../../records.ts";
import { mayRead, type Scope } from "../../../scope.ts";
import { contractIdentity } from "../../../testing/contract/case.ts";
import { chunkId, versionOf } from "../../../testing/contract/examples.ts";
import { openEmbeddedStore } from "../index.ts";

const kinds = ["a", "b", null];
const filters: readonly (Filter | null)[] = [
  null,
  { op: "eq", field: "metadata.kind", value: "a" },
  { op: "not", filter: { op: "eq", field: "metadata.kind", value: "a" } },
  { op: "exists", field: "metadata.kind", exists: false },
  { op: "eq", field: "document_id", value: "d1" },
  {
    op: "or",
    filters: [
      { op: "eq", field: "metadata.kind", value: "b" },
      { op: "ne", field: "document_id", value: "d0" },
    ],
  },
  { op: "lt", field: "metadata.size", value: Infinity },
  { op: "lt", field: "metadata.size", value: -Infinity },
  { op: "eq", field: "metadata.size", value: null },
];
const readers: readonly Scope["principals"][] = ["all", [], ["ann"], ["bob", "ann"]];

type Step = { readonly id: string; readonly metadata: Metadata | null };

const randomStep: fc.Arbitrary<Step> = fc.record({
  id: fc.constantFrom("d0", "d1", "d2"),
  metadata: fc.option(
    fc
      .record({
        kind: fc.constantFrom(...kinds),
        access: fc.constantFrom(undefined, [], ["ann"], ["bob"]),
        size: fc.constantFrom(undefined, 1),
      })
      .map(({ kind, access, size }): Metadata => ({
        kind,
        ...(access === undefined ? {} : { access }),
        ...(size === undefined ? {} : { size }),
      })),
    { freq: 4 },
  ),
});

test("what is remembered of filters and access lists is exact after every write, of this and of other tenants", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "hybridrag-remembered-"));
  const store = await openEmbeddedStore({ directory });
  t.after(() => store.close().then(() => rm(directory, { recursive: true })));
  await store.prepare(contractIdentity);
  let tenants = 0;
  const search = { vector: null, text: { query: "walrus" }, candidates: 50 };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), randomStep), { minLength: 3, maxLength: 9 }), async (steps) => {
      tenants += 1;
      const names = [`one-${tenants}`, `two-${tenants}`];
      const worlds = names.map(() => new Map<string, Metadata>());
      for (const [which, { id, metadata }] of steps) {
        const [world, tenant] = [worlds[Number(which)]!, names[Number(which)]!];
        const owner = { tenant, principals: "all" } as const;
        const version = metadata && versionOf({ id, parts: ["walrus"], metadata, source: "same.txt" });
        if (version) await store.documents.put(owner, version);
        else await store.documents.delete(owner, id);
        if (version) world.set(id, version.document.metadata);
        else world.delete(id);
        for (const principals of readers) {
          for (const filter of filters) {
            const scope = { tenant, principals };
            const isSeen = ([document_id, own]: [string, Metadata]): boolean =>
              mayRead(scope, own) && (filter === null || matches(filter, { document_id, metadata: own }));
            const expected = [...world].filter(isSeen).map(([name]) => chunkId(name, 0));
            const found = await store.chunks.search(scope, { ...search, filter });
            const ids = found.candidates.map(({ chunk }) => chunk.chunk_id);
            assert.deepEqual([ids.toSorted(), found.allowed], [expected.toSorted(), expected.length]);
          }
        }
      }
    }),
    { numRuns: 15 },
  );
});
