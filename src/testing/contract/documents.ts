import assert from "node:assert/strict";
import type { Document } from "../../records.ts";
import type { ContractCase } from "./case.ts";
import { allPages, chunkId, mention, versionOf } from "./examples.ts";
import { rejectsWith, sortedIds } from "./expect.ts";

const idsOf = (documents: readonly Document[]): readonly string[] => documents.map((document) => document.document_id);

export const documentCases: readonly ContractCase[] = [
  {
    name: "a document is read as it was put",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const metadata = { tags: ["a", 1, null, true], deep: { deeper: { x: 0.1 } }, place: point(8.5, 47.4) };
      const version = versionOf({ id: "a", title: "Title", parts: ["first part", "second 𐍈 part\r\n"], metadata });
      assert.deepEqual(await store.documents.put(scope, version), { outcome: "indexed", version: 1 });
      const now = new Date(clock.now()).toISOString();
      assert.deepEqual(await store.documents.get(scope, "a"), {
        ...version.document,
        version: 1,
        status: "indexed",
        chunks: 2,
        characters: version.text.length,
        error: null,
        created_at: now,
        updated_at: now,
      });
      assert.equal(await store.documents.text(scope, "a"), version.text);
      const chunks = await store.chunks.ofDocument(scope, "a");
      assert.deepEqual(
        chunks,
        version.chunks.map(({ vector: _vector, embedding_hash: _hash, ...chunk }) => chunk),
      );
      for (const { span, content } of chunks) assert.equal(version.text.slice(span.start, span.end), content);
    },
  },
  {
    name: "documents begin with their first chunks, of the current version alone",
    async run({ store, tenant }) {
      const scope = tenant();
      const parts = (id: string, count: number) => Array.from({ length: count }, (_, at) => `${id} part ${at}`);
      for (const [id, count] of [
        ["a", 3],
        ["b", 1],
        ["c", 2],
      ] as const)
        await store.documents.put(scope, versionOf({ id, parts: parts(id, count) }));
      const opening = async (ids: readonly string[], count: number) => {
        const chunks = await store.chunks.openings(scope, ids, count);
        const of = Map.groupBy(chunks, ({ document_id }) => document_id);
        return Object.fromEntries([...of].map(([id, own]) => [id, own.map(({ content }) => content)]));
      };
      assert.deepEqual(await opening(["c", "a", "none", "a"], 2), { a: parts("a", 2), c: parts("c", 2) });
      assert.deepEqual(await opening(["b", "a"], 1), { a: parts("a", 1), b: parts("b", 1) });
      assert.deepEqual(await opening([], 2), {});
      assert.deepEqual(await store.chunks.openings(tenant(), ["a"], 2), []);
      await store.documents.put(scope, versionOf({ id: "a", parts: parts("new", 2) }));
      await store.documents.delete(scope, "c");
      assert.deepEqual(await opening(["a", "b", "c"], 5), { a: parts("new", 2), b: parts("b", 1) });
      const [first] = await store.chunks.openings(scope, ["a"], 1);
      assert.deepEqual(first, (await store.chunks.ofDocument(scope, "a"))[0]);
    },
  },
  {
    name: "what does not exist is null, empty or false",
    async run({ store, tenant }) {
      const scope = tenant();
      assert.equal(await store.documents.get(scope, "a"), null);
      assert.equal(await store.documents.text(scope, "a"), null);
      assert.equal(await store.documents.delete(scope, "a"), false);
      assert.deepEqual(await store.documents.list(scope, { limit: 5 }), { items: [], next: null });
      assert.deepEqual(await store.documents.count(scope), { documents: 0, chunks: 0 });
      assert.deepEqual(await store.chunks.ofDocument(scope, "a"), []);
      assert.deepEqual(await store.chunks.get(scope, ["a"]), []);
      assert.equal((await store.chunks.vectors(scope, "a")).size, 0);
    },
  },
  {
    name: "documents are listed by id in the order of code points, page by page",
    async run({ store, tenant }) {
      const scope = tenant();
      const ordered = ["A", "a", "a b", "aa", "b", "é", "ﬀ", "𐍈"];
      for (const id of ordered.toReversed()) await store.documents.put(scope, versionOf({ id, parts: [id] }));
      for (const limit of [1, 3, 8, 100]) {
        const listed = await allPages((request) => store.documents.list(scope, request), limit);
        assert.deepEqual(idsOf(listed), ordered);
      }
    },
  },
  {
    name: "a cursor neither repeats nor skips a document while others come and go",
    async run({ store, tenant }) {
      const scope = tenant();
      const put = (id: string) => store.documents.put(scope, versionOf({ id, parts: [id] }));
      for (const id of ["b", "d", "f", "h"]) await put(id);
      const first = await store.documents.list(scope, { limit: 2 });
      await put("a");
      await put("e");
      await store.documents.delete(scope, "d");
      await store.documents.delete(scope, "b");
      const second = await store.documents.list(scope, { limit: 2, cursor: first.next });
      assert.deepEqual(
        [idsOf(first.items), idsOf(second.items)],
        [
          ["b", "d"],
          ["e", "f"],
        ],
      );
      const third = await store.documents.list(scope, { limit: 2, cursor: second.next });
      assert.deepEqual([idsOf(third.items), third.next], [["h"], null]);
    },
  },
  {
    name: "a cursor that is not one is refused",
    async run({ store, tenant }) {
      await rejectsWith(store.documents.list(tenant(), { limit: 2, cursor: "nonsense" }), "invalid_input");
    },
  },
  {
    name: "a listing is narrowed by filter and by the beginning of the source, taken literally",
    async run({ store, tenant }) {
      const scope = tenant();
      const sources = ["a%b/1", "a_b/1", "axb/1", "A%b/1", "a%b/2", "xa%b/1"];
      for (const [index, source] of sources.entries()) {
        const metadata = { even: index % 2 === 0 };
        await store.documents.put(scope, versionOf({ id: `${index}`, source, parts: ["x"], metadata }));
      }
      const list = async (sourcePrefix: string, even?: boolean) => {
        const filter = even === undefined ? null : ({ op: "eq", field: "metadata.even", value: even } as const);
        return idsOf(await allPages((page) => store.documents.list(scope, { ...page, sourcePrefix, filter }), 1));
      };
      assert.deepEqual(await list("a%b/"), ["0", "4"]);
      assert.deepEqual(await list("a_"), ["1"]);
      assert.deepEqual(await list(""), ["0", "1", "2", "3", "4", "5"]);
      assert.deepEqual(await list("", false), ["1", "3", "5"]);
      assert.deepEqual(await list("a", true), ["0", "2", "4"]);
    },
  },
  {
    name: "an equal content hash writes nothing",
    async run({ store, clock, tenant }) {
      const scope = tenant();
      const version = versionOf({ id: "a", parts: ["one"] });
      await store.documents.put(scope, version);
      const before = await store.documents.get(scope, "a");
      clock.advance(1000);
      const other = versionOf({ id: "a", title: "other", parts: ["other"] });
      const same = { ...other, document: { ...other.document, content_hash: version.document.content_hash } };
      assert.deepEqual(await store.documents.put(scope, same), { outcome: "unchanged", version: 1 });
      assert.deepEqual(await store.documents.get(scope, "a"), before);
      assert.equal(await store.documents.text(scope, "a"), "one");
    },
  },
  {
    name: "an update replaces everything of the version before",
    needs: "search",
    async run({ store, clock, tenant, search }) {
      const scope = tenant();
      const mentions = [mention(chunkId("a", 2), "old name")];
      await store.documents.put(
        scope,
        versionOf({
          id: "a",
          title: "past",
          parts: ["kept", "walrus", "heron"],
          metadata: { old: 1 },
          graph: { mentions },
        }),
      );
      const created = (await store.documents.get(scope, "a"))!;
      clock.advance(1000);
      const version = versionOf({ id: "a", title: "present", parts: ["kept", "otter"] });
      assert.deepEqual(await store.documents.put(scope, version), { outcome: "updated", version: 2 });
      const updated = (await store.documents.get(scope, "a"))!;
      assert.deepEqual(
        [updated.title, updated.metadata, updated.chunks, updated.created_at, Date.parse(updated.updated_at)],
        ["present", { source: "a.txt" }, 2, created.created_at, clock.now()],
      );
      for (const gone of ["walrus", "heron", "past"]) {
        assert.deepEqual(sortedIds(await search(scope, { text: { query: gone } })), [], gone);
      }
      assert.deepEqual(sortedIds(await search(scope, { text: { query: "otter present" } })), ["a:0", "a:1"]);
      assert.equal((await search(scope, { vector: version.chunks[0]!.vector })).allowed, 2);
      assert.deepEqual(await store.chunks.get(scope, ["a:2"]), []);
      assert.deepEqual(await store.graph.entities(scope, ["old name"]), []);
    },
  },
  {
    name: "versions count up with every change and anew after a delete",
    async run({ store, tenant }) {
      const scope = tenant();
      const put = async (text: string) => store.documents.put(scope, versionOf({ id: "a", parts: [text] }));
      const results = [await put("one"), await put("two"), await put("two"), await put("one")];
      assert.deepEqual(
        results.map(({ outcome, version }) => `${outcome} ${version}`),
        ["indexed 1", "updated 2", "unchanged 2", "updated 3"],
      );
      assert.equal(await store.documents.delete(scope, "a"), true);
      assert.equal(await store.documents.delete(scope, "a"), false);
      assert.deepEqual(await put("one"), { outcome: "indexed", version: 1 });
    },
  },
  {
    name: "a document without chunks exists",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: [] }));
      assert.equal((await store.documents.get(scope, "a"))?.chunks, 0);
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 0 });
      assert.equal(await store.documents.delete(scope, "a"), true);
    },
  },
  {
    name: "documents and chunks are counted",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["one", "two", "three"] }));
      await store.documents.put(scope, versionOf({ id: "b", parts: ["one"] }));
      assert.deepEqual(await store.documents.count(scope), { documents: 2, chunks: 4 });
      await store.documents.put(scope, versionOf({ id: "a", parts: ["one"] }));
      assert.deepEqual(await store.documents.count(scope), { documents: 2, chunks: 2 });
      await store.documents.delete(scope, "b");
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 1 });
    },
  },
  {
    name: "what the caller changes afterwards does not change the store",
    async run({ store, tenant }) {
      const scope = tenant();
      const metadata = { list: ["a"] };
      const version = versionOf({ id: "a", parts: ["one"], metadata });
      const vector = version.chunks[0]!.vector!;
      const kept = [...vector];
      await store.documents.put(scope, version);
      vector.fill(0);
      metadata.list.push("b");
      assert.deepEqual((await store.documents.get(scope, "a"))?.metadata["list"], ["a"]);
      const [stored] = (await store.chunks.vectors(scope, "a")).values();
      assert.deepEqual([...stored!], kept);
      stored!.fill(0);
      const [again] = (await store.chunks.vectors(scope, "a")).values();
      assert.deepEqual([...again!], kept);
    },
  },
  {
    name: "a vector of zeros or of other dimensions is refused and nothing is written",
    async run({ store, tenant }) {
      const scope = tenant();
      const good = versionOf({ id: "a", parts: ["one", "two"] });
      await store.documents.put(scope, good);
      for (const bad of [new Float32Array(8), new Float32Array(7).fill(0.5), new Float32Array(8).fill(NaN)]) {
        const vectors = [good.chunks[0]!.vector, bad];
        const update = store.documents.put(scope, versionOf({ id: "a", parts: ["three", "four"], vectors }));
        await rejectsWith(update, "invalid_input");
        const first = store.documents.put(scope, versionOf({ id: "b", parts: ["three", "four"], vectors }));
        await rejectsWith(first, "invalid_input");
      }
      assert.equal(await store.documents.text(scope, "a"), good.text);
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: 2 });
    },
  },
  {
    name: "stored vectors are given back by the hash of the text they embed",
    async run({ store, tenant }) {
      const scope = tenant();
      const version = versionOf({ id: "a", parts: ["one", "two", "one", "three"], vectors: undefined });
      const chunks = version.chunks.map((chunk, index) => (index === 3 ? { ...chunk, vector: null } : chunk));
      await store.documents.put(scope, { ...version, chunks });
      const vectors = await store.chunks.vectors(scope, "a");
      const expected = chunks.slice(0, 2).map((chunk) => [chunk.embedding_hash, [...chunk.vector!]]);
      assert.deepEqual([...vectors].map(([hash, vector]) => [hash, [...vector]]).toSorted(), expected.toSorted());
    },
  },
  {
    name: "chunks are given in the order asked for, without those that do not exist",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.documents.put(scope, versionOf({ id: "a", parts: ["one", "two", "three"] }));
      const chunks = await store.chunks.get(scope, ["a:2", "x:0", "a:0"]);
      assert.deepEqual(
        chunks.map(({ content }) => content),
        ["three", "one"],
      );
    },
  },
];

const point = (longitude: number, latitude: number) => ({ type: "Point", coordinates: [longitude, latitude] }) as const;
