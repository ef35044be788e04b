import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MongoClient, type Collection } from "mongodb";
import { isHybridRAGError } from "../../errors.ts";
import type { ChunkSearch } from "../../ports/chunk-store.ts";
import { ownerScope, type Scope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { atAngle, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { searchIndexes, type IndexSettings } from "./indexes.ts";
import { openMongoStore, type MongoStore } from "./index.ts";

const fields = [
  { path: "metadata.color", kind: "string" },
  { path: "metadata.deep.amount", kind: "number" },
] as const;
const settings: IndexSettings = { dimensions: contractIdentity.dimensions, fields };
const owner = ownerScope("north");
const reader: Scope = { tenant: "north", principals: ["ann"] };
const namespace = "silence.text_chunks";

type Definition = Record<string, unknown>;
type Fields = Record<string, { readonly type?: string; readonly fields?: Fields }>;

const request = (more: Partial<ChunkSearch>): ChunkSearch => ({
  vector: null,
  text: null,
  filter: null,
  candidates: 20,
  ...more,
});
const vector = atAngle(10);
const eq = (field: string, value: string | number) => ({ op: "eq", field, value }) as const;

/** One search for each path that any search asks for. */
const searches: readonly (readonly [string, Scope, ChunkSearch])[] = [
  ["by vector", owner, request({ vector })],
  ["by words", owner, request({ text: { query: "walrus" } })],
  ["by both", owner, request({ vector, text: { query: "otter walrus" } })],
  ["as a reader", reader, request({ vector, text: { query: "walrus" } })],
  ["with a typo", owner, request({ text: { query: "walrsu", repairTypos: true } })],
  ["fuzzily", owner, request({ text: { query: "ottar", fuzzy: true } })],
  ["for a phrase", owner, request({ text: { query: "walrus", phrases: ["walrus and otter"] } })],
  ["of one document", owner, request({ vector, filter: eq("document_id", "d1") })],
  ...["metadata.source", "metadata.category", "metadata.color"].map(
    (path) =>
      [`with ${path}`, owner, request({ vector, text: { query: "walrus" }, filter: eq(path, "d1.txt") })] as const,
  ),
  ["since a time", owner, request({ vector, filter: { op: "gte", field: "metadata.timestamp", value: "2026-01-02" } })],
  [
    "above an amount",
    owner,
    request({ text: { query: "walrus" }, filter: { op: "gt", field: "metadata.deep.amount", value: 1 } }),
  ],
  ["not of a colour", owner, request({ vector, filter: { op: "ne", field: "metadata.color", value: "d1.txt" } })],
  [
    "fused by the server",
    owner,
    request({ vector, text: { query: "walrus" }, native: { kind: "rank", vectorWeight: 1, textWeight: 1 } }),
  ],
];

interface Seen {
  readonly hits: readonly unknown[];
  /** What was said aloud: the error, or that of a leg, or a warning. */
  readonly aloud: string | null;
}

async function run(store: MongoStore, scope: Scope, asked: ChunkSearch): Promise<Seen> {
  try {
    const { candidates, vector: byVector, text, warnings, behind } = await store.chunks.search(scope, asked);
    const hits = candidates.map(({ chunk, cosine, bm25 }) => [chunk.chunk_id, cosine?.toFixed(5), bm25?.toFixed(5)]);
    const said = byVector?.error ?? text?.error ?? warnings?.[0] ?? (behind ? { code: "behind" } : null);
    return { hits: hits.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)), aloud: said?.code ?? null };
  } catch (error) {
    assert.ok(isHybridRAGError(error), String(error));
    assert.match(error.message, /hybridrag indexes|search index|dimensions/, error.message);
    return { hits: [], aloud: error.code };
  }
}

describe("every index, mapping and filter path that goes missing is said aloud", () => {
  let server: MongoServer;
  let client: MongoClient;
  let chunks: Collection;
  let store: MongoStore;
  let healthy: readonly Seen[];
  let believers: readonly MongoStore[] = [];
  before(async () => {
    server = await startMongoServer({ profile: "8.2" });
    client = new MongoClient(server.uri);
    chunks = client.db("silence").collection("text_chunks");
    store = await open();
    await store.prepare(contractIdentity);
    await store.indexes.apply();
    await store.indexes.wait();
    for (let index = 0; index < 6; index++) {
      const metadata = {
        color: `d${index % 3}.txt`,
        category: `d${index % 2}.txt`,
        timestamp: `2026-01-0${index + 1}T00:00:00.000Z`,
        deep: { amount: index },
        ...(index % 2 === 0 ? {} : { access: ["ann"] }),
      };
      const parts = [["walrus and otter", "heron walrus", "otter"][index % 3]!];
      await store.documents.put(
        owner,
        versionOf({ id: `d${index}`, parts, metadata, title: "walrus", vectors: [atAngle(index)] }),
      );
    }
    await store.settle();
    believers = await Promise.all(searches.map(open));
    healthy = await Promise.all(searches.map(([, scope, asked]) => run(store, scope, asked)));
  });
  after(async () => {
    await Promise.all([store, ...believers].map((one) => one.close()));
    await client.close();
    await server.close();
  });

  const open = () =>
    openMongoStore({ uri: server.uri, database: "silence", manageIndexes: false, indexes: { fields } });

  test("all is well at first: every search finds something and says nothing", () => {
    healthy.forEach(({ hits, aloud }, index) => {
      assert.equal(aloud, null, searches[index]![0]);
      assert.ok(hits.length > 0, searches[index]![0]);
    });
  });

  /** After the damage: by stores that looked a moment ago, each for one search, and by one that has just been opened. */
  async function expectAloud(name: string): Promise<void> {
    const fresh = await open();
    await fresh.prepare(contractIdentity);
    try {
      await Promise.all(
        searches.map(async ([what, scope, asked], index) => {
          const [warm, cold] = await Promise.all([run(believers[index]!, scope, asked), run(fresh, scope, asked)]);
          const isRight = JSON.stringify(warm.hits) === JSON.stringify(healthy[index]!.hits);
          assert.ok(warm.aloud !== null || isRight, `${name}: the search ${what} kept silent: ${JSON.stringify(warm)}`);
          assert.ok(cold.aloud !== null, `${name}: a store that was just opened answered the search ${what}`);
        }),
      );
    } finally {
      await fresh.close();
    }
  }

  /** A good look at the indexes is believed for a while: the damage comes right after it. */
  async function believe(): Promise<void> {
    await mended();
    const seen = await Promise.all(searches.map(([, scope, asked], index) => run(believers[index]!, scope, asked)));
    assert.deepEqual(seen, healthy, "it was mended");
  }

  async function mended(): Promise<void> {
    const listed = await chunks.listSearchIndexes().toArray();
    for (const { name, type, definition } of searchIndexes(settings)) {
      const found = listed.find((one) => one.name === name) as
        | undefined
        | { readonly type?: string; readonly status?: string };
      const isUsable = found?.type === type && found.status !== "STALE";
      if (found && !isUsable) await chunks.dropSearchIndex(name);
      if (isUsable) await chunks.updateSearchIndex(name, { ...definition });
      else await chunks.createSearchIndex({ name, type, definition: { ...definition } });
    }
    await store.indexes.wait();
    await store.indexes.apply();
  }

  for (const { name, type, definition } of searchIndexes(settings)) {
    test(`${name} is dropped`, async () => {
      await believe();
      await chunks.dropSearchIndex(name);
      await expectAloud(name);
    });

    test(`${name} is renamed`, async () => {
      await believe();
      await chunks.dropSearchIndex(name);
      await chunks.createSearchIndex({ name: `${name}_new`, type, definition: { ...definition } });
      await expectAloud(name);
      await chunks.dropSearchIndex(`${name}_new`);
    });

    test(`${name} is of the other type`, async () => {
      await believe();
      await chunks.dropSearchIndex(name);
      const other = searchIndexes(settings).find((spec) => spec.name !== name)!;
      await chunks.createSearchIndex({ name, type: other.type, definition: { ...other.definition } });
      await expectAloud(name);
    });
  }

  const vectorSpec = searchIndexes(settings).find(({ type }) => type === "vectorSearch")!;
  const paths = (vectorSpec.definition["fields"] as readonly { readonly path: string }[]).map(({ path }) => path);
  for (const path of paths) {
    for (const change of ["dropped", "renamed"] as const) {
      test(`${path} of ${vectorSpec.name} is ${change}`, async () => {
        await believe();
        const kept = (
          vectorSpec.definition["fields"] as readonly { readonly path: string; readonly type: string }[]
        ).flatMap((field) =>
          field.path !== path ? [field] : change === "renamed" ? [{ ...field, path: `${path}_new` }] : [],
        );
        // An index without a vector is refused by the server, so its vector can only be another.
        const some = kept.some(({ type }) => type === "vector")
          ? kept
          : [...kept, { type: "vector", path: "embedding", numDimensions: settings.dimensions, similarity: "cosine" }];
        await chunks.updateSearchIndex(vectorSpec.name, { fields: some });
        await expectAloud(path);
      });
    }
  }

  const textSpec = searchIndexes(settings).find(({ type }) => type === "search")!;
  const mapped = leavesOf((textSpec.definition["mappings"] as { readonly fields: Fields }).fields);
  for (const path of mapped) {
    const isOne = path.join(".") === "terms.body";
    for (const change of ["dropped", "renamed", ...(isOne ? (["of another type"] as const) : [])] as const) {
      test(`${path.join(".")} of ${textSpec.name} is ${change}`, async () => {
        await believe();
        const definition = structuredClone(textSpec.definition) as Definition & { mappings: { fields: Fields } };
        changeAt(definition.mappings.fields, path, change);
        await chunks.updateSearchIndex(textSpec.name, definition);
        await expectAloud(path.join("."));
      });
    }
  }

  test("an index that no longer follows the writes is said on every search", async () => {
    await believe();
    server.staleSearchIndex(namespace, textSpec.name);
    const fresh = await open();
    await fresh.prepare(contractIdentity);
    const seen = await run(fresh, owner, request({ text: { query: "walrus" } }));
    assert.equal(seen.aloud, "search_stale");
    assert.ok(seen.hits.length > 0);
    await fresh.close();
  });

  test("while a definition is built, the one that answers is what counts", async () => {
    const slow = await startMongoServer({ profile: "8.2" });
    const own = await openMongoStore({ uri: slow.uri, indexes: { fields: [] } });
    await own.prepare(contractIdentity);
    await own.documents.put(owner, versionOf({ id: "a", parts: ["walrus"], metadata: { color: "red" } }));
    await own.settle();
    const wider = await openMongoStore({ uri: slow.uri, indexes: { fields }, manageIndexes: false });
    slow.faults.searchBuildMs = 60_000;
    await wider.prepare(contractIdentity);
    await wider.indexes.apply();
    const asked = request({ text: { query: "walrus" }, filter: eq("metadata.color", "red") });
    await assert.rejects(wider.chunks.search(owner, asked), { code: "not_ready", message: /does not hold/ });
    assert.equal((await own.chunks.search(owner, request({ text: { query: "walrus" } }))).candidates.length, 1);
    await Promise.all([own.close(), wider.close()]);
    await slow.close();
  });
});

/** Paths of all mappings that are not documents of others. */
function leavesOf(mapping: Fields, above: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(mapping).flatMap(([name, field]) =>
    field.type === "document" ? leavesOf(field.fields ?? {}, [...above, name]) : [[...above, name]],
  );
}

function changeAt(mapping: Fields, path: readonly string[], change: "dropped" | "renamed" | "of another type"): void {
  const [name = "", ...rest] = path;
  if (rest.length > 0) return changeAt(mapping[name]!.fields!, rest, change);
  const field = mapping[name]!;
  delete mapping[name];
  if (change === "renamed") mapping[`${name}_new`] = field;
  if (change === "of another type") mapping[name] = { type: field.type === "string" ? "token" : "objectId" };
}
