import assert from "node:assert/strict";
import fc from "fast-check";
import type { Metadata, MetadataValue } from "../../records.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { access, scopeOf } from "../arbitraries.ts";
import { as, type ContractCase, type World } from "./case.ts";
import { allPages, assertion, chunkId, link, mention, versionOf } from "./examples.ts";
import { assertClose, rejectsWith, sortedIds } from "./expect.ts";
import { runs } from "./random.ts";
import { plainSearch } from "./snapshot.ts";

const lists: Readonly<Record<string, MetadataValue | undefined>> = {
  open: undefined,
  nobody: [],
  ann: ["ann"],
  both: ["ann", "bob"],
  null: null,
};

/** One document per list; all hold the same words and names. */
async function putLists({ store }: World, scope: Scope): Promise<void> {
  for (const [id, list] of Object.entries(lists)) {
    const at = chunkId(id, 0);
    const graph = {
      mentions: [mention(at, "walrus"), mention(at, `name ${id}`, "title")],
      links: [link(at, "open")],
      assertions: [assertion(at, "walrus", "heron")],
    };
    const metadata: Metadata = list === undefined ? {} : { access: list };
    await store.documents.put(scope, versionOf({ id, parts: ["walrus"], metadata, graph }));
  }
}

export const accessCases: readonly ContractCase[] = [
  {
    name: "who is not on a document's access list does not see it, its text, its chunks or its vectors",
    async run(world) {
      const { store } = world;
      const owner = world.tenant();
      await putLists(world, owner);
      const seen = async (scope: Scope) =>
        (await allPages((page) => store.documents.list(scope, page))).map((document) => document.document_id);
      assert.deepEqual(await seen(owner), ["ann", "both", "nobody", "null", "open"]);
      assert.deepEqual(await seen(as(owner)), ["null", "open"]);
      assert.deepEqual(await seen(as(owner, "bob")), ["both", "null", "open"]);
      assert.deepEqual(await seen(as(owner, "x", "ann")), ["ann", "both", "null", "open"]);
      const bob = as(owner, "bob");
      assert.equal(await store.documents.get(bob, "ann"), null);
      assert.equal(await store.documents.text(bob, "ann"), null);
      assert.deepEqual(await store.chunks.ofDocument(bob, "ann"), []);
      const begun = await store.chunks.openings(bob, Object.keys(lists), 1);
      assert.deepEqual(begun.map((chunk) => chunk.document_id).toSorted(), ["both", "null", "open"]);
      assert.equal((await store.chunks.vectors(bob, "ann")).size, 0);
      const chunks = await store.chunks.get(
        bob,
        Object.keys(lists).map((id) => chunkId(id, 0)),
      );
      assert.deepEqual(chunks.map((chunk) => chunk.document_id).toSorted(), ["both", "null", "open"]);
      assert.deepEqual(await store.documents.count(bob), { documents: 3, chunks: 3 });
    },
  },
  {
    name: "who may not read a document can neither delete nor replace it",
    async run(world) {
      const { store } = world;
      const owner = world.tenant();
      await putLists(world, owner);
      const bob = as(owner, "bob");
      assert.equal(await store.documents.delete(bob, "ann"), false);
      await rejectsWith(store.documents.put(bob, versionOf({ id: "ann", parts: ["mine"] })), "forbidden");
      assert.equal(await store.documents.text(owner, "ann"), "walrus");
      assert.equal(await store.documents.delete(bob, "both"), true);
    },
  },
  {
    name: "both legs search only what the caller may read",
    needs: "search",
    async run(world) {
      const owner = world.tenant();
      await putLists(world, owner);
      const vector = versionOf({ id: "q", parts: ["walrus"] }).chunks[0]!.vector;
      const expected = { all: 5, none: 2, bob: 3, ann: 4 };
      const scopes = { all: owner, none: as(owner), bob: as(owner, "bob"), ann: as(owner, "ann") };
      for (const [name, scope] of Object.entries(scopes)) {
        const count = expected[name as keyof typeof expected];
        const byText = await world.search(scope, { text: { query: "walrus" } });
        const byVector = await world.search(scope, { vector });
        assert.deepEqual([sortedIds(byText).length, byText.allowed, byText.text?.matched], [count, count, count]);
        assert.deepEqual([sortedIds(byVector).length, byVector.allowed], [count, count]);
        assert.ok(byText.candidates.every(({ chunk }) => mayRead(scope, chunk.metadata)));
      }
    },
  },
  {
    name: "moments are taken over what the caller may read",
    needs: "exactScores",
    async run(world) {
      const owner = world.tenant();
      await world.store.documents.put(owner, versionOf({ id: "a", parts: ["walrus"] }));
      await world.store.documents.put(owner, versionOf({ id: "b", parts: ["heron"], metadata: { access: ["ann"] } }));
      const seen = await world.search(as(owner, "bob"), { text: { query: "walrus" } });
      const score = seen.candidates[0]!.bm25!;
      assertClose(seen.text?.moments, { mean: score, deviation: 0, count: 1 }, 1e-6);
    },
  },
  {
    name: "a hidden passage neither appears in the graph nor carries a path nor counts",
    async run(world) {
      const { store } = world;
      const owner = world.tenant();
      await putLists(world, owner);
      const bob = as(owner, "bob");
      const [entity] = await store.graph.entities(bob, ["walrus", "name ann"]);
      assert.deepEqual(entity?.provenance.toSorted(), ["both:0", "null:0", "open:0"]);
      const names = (await allPages((page) => store.graph.list(bob, page))).map((one) => one.normalized_name);
      assert.deepEqual(names, ["name both", "name null", "name open", "walrus"]);
      assert.deepEqual(await store.graph.mentions(bob, ["ann:0"]), []);
      const weights = await store.graph.weigh(bob, ["walrus", "name ann"]);
      assert.deepEqual(weights, [{ asked: "walrus", entity: "walrus", passages: 3, titled: 0 }]);
      const [relationship] = await store.graph.neighbours(bob, { entity: "walrus", limit: 5 });
      assert.deepEqual(
        [relationship?.weight, relationship?.provenance.toSorted()],
        [3, ["both:0", "null:0", "open:0"]],
      );
      const { passages } = await store.graph.count(bob);
      assert.equal(passages, 3);
      const request = { titled: [], except: [], filter: null, maxShared: 9, maxSubname: 9, maxPassages: 9, terms: [] };
      const linked = await store.graph.links(bob, { ...request, seeds: ["both:0", "ann:0"], vector: null });
      const ids = linked.passages.map(({ chunk_id }) => chunk_id).toSorted();
      assert.deepEqual(ids, ["both:0", "null:0", "open:0"]);
      assert.ok(linked.edges.every(({ from, to }) => ids.includes(from) && ids.includes(to)));
    },
  },
  {
    name: "access lists hold for any lists and callers as the reference says",
    needs: "search",
    async run({ store, tenant, effort }) {
      const sample = fc.record({
        lists: fc.array(access(), { minLength: 8, maxLength: 8 }),
        scopes: fc.array(scopeOf(""), { minLength: 3, maxLength: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(sample, async ({ lists: random, scopes }) => {
          const owner = tenant();
          const versions = random.map((list, index) =>
            versionOf({ id: `d${index}`, parts: ["walrus"], metadata: list === undefined ? {} : { access: list } }),
          );
          for (const version of versions) await store.documents.put(owner, version);
          await store.settle();
          for (const { principals } of scopes) {
            const scope = { ...owner, principals };
            const expected = versions
              .filter(({ document }) => mayRead(scope, document.metadata))
              .map(({ document }) => chunkId(document.document_id, 0));
            const found = await store.chunks.search(scope, { ...plainSearch, text: { query: "walrus" } });
            assert.deepEqual(sortedIds(found), expected);
          }
        }),
        runs(effort, 10),
      );
    },
  },
];
