import assert from "node:assert/strict";
import type { ContractCase, World } from "./case.ts";
import { allPages, chunkId, mention, versionOf } from "./examples.ts";
import type { Scope } from "../../scope.ts";

/** Versions differ in size, and every chunk says which version it is of. */
const sizeOf = (version: number): number => 2 + ((version * 5) % 9);

const numbered = (version: number) => {
  const parts = Array.from({ length: sizeOf(version) }, (_, part) => `walrus v${version} p${part}`);
  const mentions = parts.map((_, part) => mention(chunkId("a", part), "walrus", "body", `walrus ${version}`));
  return versionOf({ id: "a", title: `v${version}`, parts, metadata: { version }, graph: { mentions } });
};

function assertOneVersion(contents: readonly string[], place: string): void {
  const versions = new Set(contents.map((content) => content.split(" ")[1]));
  assert.equal(versions.size, 1, `${place} mixes ${[...versions].join(" and ")}`);
  assert.equal(contents.length, sizeOf(Number([...versions][0]!.slice(1))), `${place} shows a part of a version`);
}

/** Each returns the contents of chunks that one call showed. */
const readers = (world: World, scope: Scope): readonly (() => Promise<readonly string[]>)[] => {
  const { chunks } = world.store;
  const all = { filter: null, candidates: 100 };
  const contentsOf = async (found: ReturnType<typeof chunks.search>) =>
    (await found).candidates.map(({ chunk }) => chunk.content);
  return [
    async () => (await chunks.ofDocument(scope, "a")).map(({ content }) => content),
    async () =>
      (
        await chunks.get(
          scope,
          Array.from({ length: 12 }, (_, part) => chunkId("a", part)),
        )
      ).map((c) => c.content),
    () => contentsOf(chunks.search(scope, { ...all, vector: null, text: { query: "walrus" } })),
    () => contentsOf(chunks.search(scope, { ...all, vector: numbered(1).chunks[0]!.vector, text: null })),
    async () => ((await world.store.documents.text(scope, "a")) ?? "").split("\n\n"),
  ];
};

/** Reads again and again, by every reader at once, for as long as the writer writes. */
async function readBeside(write: () => Promise<void>, reads: readonly (() => Promise<void>)[]): Promise<void> {
  const writer = { isDone: false };
  const writing = write().finally(() => {
    writer.isDone = true;
  });
  const reading = reads.map(async (read) => {
    while (!writer.isDone) await read();
  });
  await Promise.all([writing, ...reading]);
}

export const atomicityCases: readonly ContractCase[] = [
  {
    name: "readers beside a writer never see a mixture of two versions",
    needs: "search",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      await store.documents.put(scope, numbered(1));
      await store.settle();
      const write = async () => {
        for (let version = 2; version <= 30; version++) await store.documents.put(scope, numbered(version));
      };
      const reads = readers(world, scope).map((read, index) => async () => {
        assertOneVersion(await read(), `reader ${index}`);
      });
      await readBeside(write, reads);
      await store.settle();
      for (const [index, read] of readers(world, scope).entries()) {
        const contents = await read();
        assertOneVersion(contents, `reader ${index}`);
        assert.match(contents[0]!, / v30 /);
      }
    },
  },
  {
    name: "a document and the names in it change together",
    async run({ store, tenant }) {
      const scope = tenant();
      await store.documents.put(scope, numbered(1));
      const write = async () => {
        for (let version = 2; version <= 20; version++) await store.documents.put(scope, numbered(version));
      };
      const read = async () => {
        const [entity] = await store.graph.entities(scope, ["walrus"]);
        assert.deepEqual(entity?.aliases, []);
        assert.equal(entity?.provenance.length, sizeOf(Number(entity?.name.split(" ")[1])));
      };
      await readBeside(write, [read, read]);
    },
  },
  {
    name: "writers of different documents do not disturb each other",
    async run({ store, tenant }) {
      const scope = tenant();
      const ids = Array.from({ length: 24 }, (_, index) => `d${String(index).padStart(2, "0")}`);
      const results = await Promise.all(
        ids.map((id) => store.documents.put(scope, versionOf({ id, parts: [`${id} one`, `${id} two`] }))),
      );
      assert.ok(results.every(({ outcome, version }) => outcome === "indexed" && version === 1));
      const listed = await allPages((request) => store.documents.list(scope, request), 10);
      assert.deepEqual(
        listed.map((document) => document.document_id),
        ids,
      );
      for (const id of ids) assert.equal(await store.documents.text(scope, id), `${id} one\n\n${id} two`);
    },
  },
  {
    name: "writers of one document come one after the other, and the last stands whole",
    async run({ store, tenant }) {
      const scope = tenant();
      const versions = Array.from({ length: 12 }, (_, index) => numbered(index + 1));
      const results = await Promise.all(versions.map((version) => store.documents.put(scope, version)));
      assert.deepEqual(
        results.map(({ version }) => version).toSorted((a, b) => a - b),
        versions.map((_, index) => index + 1),
      );
      const last = versions[results.findIndex(({ version }) => version === versions.length)]!;
      assert.equal(await store.documents.text(scope, "a"), last.text);
      assert.equal((await store.documents.get(scope, "a"))?.title, last.document.title);
      const contents = (await store.chunks.ofDocument(scope, "a")).map(({ content }) => content);
      assert.deepEqual(
        contents,
        last.chunks.map(({ content }) => content),
      );
    },
  },
  {
    name: "one version put by many at once is written once",
    async run({ store, tenant }) {
      const scope = tenant();
      const results = await Promise.all(Array.from({ length: 8 }, () => store.documents.put(scope, numbered(3))));
      assert.deepEqual(results.map(({ outcome }) => outcome).toSorted(), ["indexed", ...Array(7).fill("unchanged")]);
      assert.deepEqual(await store.documents.count(scope), { documents: 1, chunks: sizeOf(3) });
    },
  },
  {
    name: "a put and a delete at once leave all or nothing",
    async run({ store, tenant }) {
      const scope = tenant();
      for (let round = 1; round <= 10; round++) {
        await store.documents.put(scope, numbered(round));
        await Promise.all([store.documents.delete(scope, "a"), store.documents.put(scope, numbered(round + 1))]);
        const document = await store.documents.get(scope, "a");
        const chunks = await store.chunks.ofDocument(scope, "a");
        assert.equal(chunks.length, document?.chunks ?? 0);
        const [entity] = await store.graph.entities(scope, ["walrus"]);
        assert.equal(entity?.provenance.length ?? 0, chunks.length);
        if (document)
          assertOneVersion(
            chunks.map(({ content }) => content),
            "the document",
          );
      }
    },
  },
];
