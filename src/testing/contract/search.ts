import assert from "node:assert/strict";
import fc from "fast-check";
import type { Candidate, ChunkName } from "../../ports/chunk-store.ts";
import { filter, scopeOf } from "../arbitraries.ts";
import { openMemoryStore } from "../memory-store.ts";
import { contractIdentity, type ContractCase } from "./case.ts";
import { atAngle, versionOf, type Example } from "./examples.ts";
import { assertClose, candidateOf, ranked, rejectsWith, sortedIds } from "./expect.ts";
import { randomCorpus, runs } from "./random.ts";
import { searchSnapshot } from "./snapshot.ts";

const cosine = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);

/** One chunk per document, at an angle from the question. */
const atAngles = (angles: Readonly<Record<string, number>>, parts: (id: string) => string = (id) => id): Example[] =>
  Object.entries(angles).map(([id, degrees]) => ({ id, parts: [parts(id)], vectors: [atAngle(degrees)] }));

const sortedCandidates = (candidates: readonly Candidate<ChunkName>[]) =>
  candidates.toSorted((one, other) => (one.chunk.chunk_id < other.chunk.chunk_id ? -1 : 1));

export const searchCases: readonly ContractCase[] = [
  {
    name: "the vector leg finds the nearest first and says their cosines",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      const angles = { a: 80, b: 10, c: 170, d: 45 };
      for (const example of atAngles(angles)) await store.documents.put(scope, versionOf(example));
      const result = await search(scope, { vector: atAngle(0) });
      assert.deepEqual(ranked(result, "vector"), ["b:0", "d:0", "a:0", "c:0"]);
      for (const [id, degrees] of Object.entries(angles)) {
        const { cosine: given, bm25, textRank } = candidateOf(result, `${id}:0`);
        assertClose(given, cosine(degrees), 1e-6);
        assert.deepEqual([bm25, textRank], [null, null]);
      }
      assert.deepEqual([result.allowed, result.text, result.vector?.error], [4, null, null]);
    },
  },
  {
    name: "each leg gives its best candidates and the result is their union, each once",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      const words: Record<string, string> = { a: "walrus walrus", b: "walrus otter heron", c: "heron", d: "otter" };
      for (const example of atAngles({ a: 90, b: 20, c: 10, d: 30 }, (id) => words[id]!)) {
        await store.documents.put(scope, versionOf(example));
      }
      const result = await search(scope, { vector: atAngle(0), text: { query: "walrus" }, candidates: 2 });
      assert.deepEqual(sortedIds(result), ["a:0", "b:0", "c:0"]);
      assert.deepEqual(ranked(result, "vector"), ["c:0", "b:0"]);
      assert.deepEqual(ranked(result, "text"), ["a:0", "b:0"]);
    },
  },
  {
    name: "both scores of every candidate are exact, found by which leg ever",
    needs: "exactScores",
    async run({ store, tenant, search }) {
      const scope = tenant();
      const words: Record<string, string> = { a: "walrus", b: "walrus heron", c: "heron" };
      for (const example of atAngles({ a: 90, b: 60, c: 10 }, (id) => words[id]!)) {
        await store.documents.put(scope, versionOf(example));
      }
      const one = await search(scope, { vector: atAngle(0), text: { query: "walrus" }, candidates: 1 });
      const all = await search(scope, { vector: atAngle(0), text: { query: "walrus" } });
      for (const id of ["a:0", "c:0"]) {
        const [some, full] = [candidateOf(one, id), candidateOf(all, id)];
        assertClose([some.cosine, some.bm25], [full.cosine, full.bm25], 1e-12);
      }
      assertClose([candidateOf(one, "a:0").cosine, candidateOf(one, "c:0").bm25], [0, 0], 1e-6);
    },
  },
  {
    name: "moments cover all allowed chunks, zeros included",
    needs: "exactScores",
    async run({ store, tenant, search }) {
      const scope = tenant();
      for (const example of atAngles({ a: 0, b: 60, c: 90, d: 180 }, (id) => (id === "a" ? "walrus" : "heron"))) {
        await store.documents.put(scope, versionOf({ ...example, metadata: { kept: example.id !== "d" } }));
      }
      const filter = { op: "eq", field: "metadata.kept", value: true } as const;
      const request = { vector: atAngle(0), text: { query: "walrus" }, candidates: 1 };
      const result = await search(scope, { ...request, filter });
      assertClose(result.vector?.moments, { mean: 0.5, deviation: Math.sqrt(1 / 6), count: 3 }, 1e-6);
      const score = candidateOf(result, "a:0").bm25!;
      const mean = score / 3;
      assertClose(result.text?.moments, { mean, deviation: (score * Math.SQRT2) / 3, count: 3 }, 1e-6);
      assertClose((await search(scope, request)).vector?.moments, { mean: 0.125, deviation: 0.7395, count: 4 }, 1e-4);
    },
  },
  {
    name: "vector hits below the least cosine are left out",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      for (const example of atAngles({ a: 10, b: 50, c: 70 })) await store.documents.put(scope, versionOf(example));
      const found = async (minCosine: number) =>
        ranked(await search(scope, { vector: atAngle(0), minCosine }), "vector");
      assert.deepEqual(await found(0.5), ["a:0", "b:0"]);
      assert.deepEqual(await found(0.99), []);
      assert.deepEqual(await found(-1), ["a:0", "b:0", "c:0"]);
      const both = await search(scope, { vector: atAngle(0), text: { query: "c" }, minCosine: 0.5 });
      assert.equal(candidateOf(both, "c:0").vectorRank, null);
    },
  },
  {
    name: "equal scores are ordered by chunk id, in both legs and at the cut",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      for (const id of ["c", "a", "B", "é", "b"]) {
        await store.documents.put(scope, versionOf({ id, parts: ["walrus"], vectors: [atAngle(30)] }));
      }
      const result = await search(scope, { vector: atAngle(0), text: { query: "walrus" }, candidates: 4 });
      assert.deepEqual(ranked(result, "text"), ["B:0", "a:0", "b:0", "c:0"]);
      assert.deepEqual(ranked(result, "vector"), ["B:0", "a:0", "b:0", "c:0"]);
    },
  },
  {
    name: "a rare filter still fills the candidates: it is applied before the search",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      const parts = Array.from({ length: 40 }, () => "walrus walrus walrus");
      const vectors = parts.map((_, index) => atAngle(index / 40));
      for (const id of ["near1", "near2", "near3", "near4"]) {
        await store.documents.put(scope, versionOf({ id, parts, vectors, metadata: { kind: "common" } }));
      }
      for (const [index, id] of ["x", "y", "z"].entries()) {
        const words = `walrus ${"other ".repeat(20 + index)}`.trim();
        const example = { id, parts: [words], vectors: [atAngle(100 + index)], metadata: { kind: "rare" } };
        await store.documents.put(scope, versionOf(example));
      }
      const filter = { op: "eq", field: "metadata.kind", value: "rare" } as const;
      const result = await search(scope, { vector: atAngle(0), text: { query: "walrus" }, filter, candidates: 3 });
      assert.deepEqual(ranked(result, "vector"), ["x:0", "y:0", "z:0"]);
      assert.deepEqual(ranked(result, "text"), ["x:0", "y:0", "z:0"]);
      assert.deepEqual([result.allowed, result.text?.corpusSize], [3, 163]);
    },
  },
  {
    name: "a filter that nothing passes finds nothing and is no error",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
      const filter = { op: "exists", field: "metadata.absent", exists: true } as const;
      const result = await search(scope, { vector: atAngle(0), text: { query: "walrus" }, filter });
      assert.deepEqual([result.candidates, result.allowed, result.text?.matched], [[], 0, 0]);
    },
  },
  {
    name: "a leg that is not asked for does not run",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
      const neither = await search(scope, {});
      assert.deepEqual([neither.candidates, neither.vector, neither.text, neither.allowed], [[], null, null, 1]);
      const text = await search(scope, { text: { query: "walrus" } });
      assert.deepEqual([text.vector, text.candidates[0]?.cosine, text.candidates[0]?.vectorRank], [null, null, null]);
    },
  },
  {
    name: "a chunk without a vector is found by its words",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"], vectors: [null] }));
      await store.documents.put(scope, versionOf({ id: "b", parts: ["heron"], vectors: [atAngle(5)] }));
      const result = await search(scope, { vector: atAngle(0), text: { query: "walrus" } });
      assert.deepEqual(ranked(result, "vector"), ["b:0"]);
      const { cosine: none, vectorRank, textRank } = candidateOf(result, "a:0");
      assert.deepEqual([none, vectorRank, textRank], [null, null, 1]);
    },
  },
  {
    name: "vectors of the candidates are given when asked for",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      const version = versionOf({ id: "a", parts: ["walrus"] });
      await store.documents.put(scope, version);
      const request = { text: { query: "walrus" }, vector: version.chunks[0]!.vector };
      const { vector } = candidateOf(await search(scope, { ...request, withVectors: true }), "a:0");
      assert.deepEqual([...vector!], [...version.chunks[0]!.vector!]);
      assert.equal(candidateOf(await search(scope, request), "a:0").vector, undefined);
    },
  },
  {
    name: "a search for ids finds what a search for chunks finds, where there is one",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      for (const example of atAngles({ a: 80, b: 10, c: 170, d: 45 }, (id) => `walrus ${id}`))
        await store.documents.put(scope, versionOf(example));
      const both = { vector: atAngle(0), text: { query: "walrus c" }, withVectors: true };
      for (const asked of [both, { vector: atAngle(0) }, { text: { query: "b" } }]) {
        const request = { vector: null, text: null, filter: null, candidates: 2, ...asked };
        const { candidates, allowed } = await search(scope, request);
        const found = await store.chunks.find?.(scope, request);
        if (found === undefined) return;
        const named = candidates.map(({ chunk: { chunk_id, document_id }, ...scores }) => ({
          chunk: { chunk_id, document_id },
          ...scores,
        }));
        assert.deepEqual(sortedCandidates(found.candidates), sortedCandidates(named));
        assert.equal(found.allowed, allowed);
      }
    },
  },
  {
    name: "a query vector of zeros or of other dimensions is refused",
    needs: "search",
    async run({ store, tenant, search }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["walrus"] }));
      for (const vector of [new Float32Array(8), new Float32Array(9).fill(1 / 3), new Float32Array(8).fill(NaN)]) {
        await rejectsWith(search(scope, { vector }), "invalid_input");
      }
    },
  },
  {
    name: "searches answer as the reference store does, on any documents, filter and scope",
    needs: "exactScores",
    async run({ store, tenant, effort }) {
      const sample = fc.record({ corpus: randomCorpus(6), filter: fc.option(filter(["doc1"], 2)), who: scopeOf("") });
      await fc.assert(
        fc.asyncProperty(sample, async ({ corpus, filter: condition, who }) => {
          const owner = tenant();
          const reference = openMemoryStore();
          await reference.prepare(contractIdentity);
          for (const version of corpus) {
            await store.documents.put(owner, version);
            await reference.documents.put(owner, version);
          }
          await store.settle();
          const scope = { ...owner, principals: who.principals };
          const seen = await searchSnapshot(store, scope, condition);
          assertClose(seen, await searchSnapshot(reference, scope, condition), 1e-6);
        }),
        runs(effort, 15),
      );
    },
  },
];
