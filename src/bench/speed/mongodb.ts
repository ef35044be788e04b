import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MongoClient, type Db, type Document, type SearchIndexDescription } from "mongodb";
import { percentile } from "../../evaluate/measures.ts";
import type { ChunkSearch } from "../../ports/chunk-store.ts";
import type { DocumentVersion } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { openMongoStore, type MongoStore } from "../../stores/mongodb/index.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { recordCommands, replay, type Recorded } from "./mongodb-commands.ts";
import { randomFrom } from "./random.ts";

/** Of one search, in milliseconds; processor time is of this process. */
interface Cost {
  readonly p50_ms: number;
  readonly cpu_ms: number;
}

export interface MongoFigures {
  readonly server: "test server" | "given";
  readonly chunks: number;
  /** A hybrid search through the store. */
  readonly ours: Cost;
  /** The same commands with the driver alone, and of them those that search. */
  readonly driver: Cost;
  readonly driver_searches: Cost;
  readonly ingest: {
    readonly ours_chunks_per_second: number;
    /** The same passages by `insertMany` alone, in a collection like ours: no documents, no texts, no transactions. */
    readonly insert_many_chunks_per_second: number;
    readonly share: number;
    /** The same rows of all three collections by the driver, a document in one transaction: what we promise. */
    readonly transactions_chunks_per_second: number;
    readonly share_of_transactions: number;
  };
}

const scope = ownerScope("bench");
const dimensions = 384;
const lots = 4;
const lotDocuments = 24;
const chunksPerDocument = 25;
const queries = 100;
const rounds = 3;
const writers = 8;

/** How much the store adds to the driver. @param given a server that speaks MongoDB and searches; null: the test server. */
export async function measureMongo(given: string | null): Promise<MongoFigures> {
  const own = given === null ? await startServer() : null;
  const database = `hybridrag_bench_${process.pid}`;
  const store = await openMongoStore({ uri: given ?? own!.uri, database });
  const client = new MongoClient(given ?? own!.uri);
  try {
    await store.prepare({ embedder: "bench", dimensions, chunker: "bench" });
    await store.indexes.wait();
    const ingest = await measureBulk(store, client.db(database), own !== null);
    await store.settle({ timeoutMs: 120_000 });
    const costs = await measureSearches(store, client, database);
    return {
      server: own === null ? "given" : "test server",
      chunks: (lots + 1) * lotDocuments * chunksPerDocument,
      ...costs,
      ingest,
    };
  } finally {
    await client.db(database).dropDatabase();
    await Promise.all([store.close(), client.close()]);
    own?.process.kill();
  }
}

async function startServer(): Promise<{ readonly uri: string; readonly process: ChildProcess }> {
  const program = fileURLToPath(new URL("../../testing/standins/main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "mongodb", "--profile", "8.2"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { uri: String((JSON.parse(line) as { readonly MONGODB_URI: string }).MONGODB_URI), process: child };
}

async function measureSearches(store: MongoStore, client: MongoClient, database: string) {
  const random = randomFrom(11).uniform;
  const asked = Array.from({ length: queries }, (): ChunkSearch => ({
    vector: unitVector(random),
    text: { query: wordsOf(random, 6) },
    filter: null,
    candidates: 50,
  }));
  const recorded: (readonly Recorded[])[] = [];
  for (const request of asked) recorded.push(await recordCommands(() => store.chunks.search(scope, request)));
  const db = client.db(database);
  const kinds = {
    driver_searches: (index: number) =>
      replay(
        db,
        recorded[index]!.filter(({ kind }) => kind === "aggregate"),
      ),
    driver: (index: number) => replay(db, recorded[index]!),
    ours: (index: number) => store.chunks.search(scope, asked[index]!),
  };
  const costs = { ours: [], driver: [], driver_searches: [] } as Record<keyof typeof kinds, Cost[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(kinds) as [keyof typeof kinds, (index: number) => Promise<unknown>][]) {
      const cost = await costOf(run);
      // The first round warms up.
      if (round > 0) costs[name].push(cost);
    }
  }
  const middle = (name: keyof typeof kinds): Cost => ({
    p50_ms: percentile(
      0.5,
      costs[name].map(({ p50_ms }) => p50_ms),
    ),
    cpu_ms: percentile(
      0.5,
      costs[name].map(({ cpu_ms }) => cpu_ms),
    ),
  });
  return { ours: middle("ours"), driver: middle("driver"), driver_searches: middle("driver_searches") };
}

async function costOf(run: (index: number) => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const times: number[] = [];
  for (let index = 0; index < queries; index++) {
    const started = performance.now();
    await run(index);
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  return { p50_ms: percentile(0.5, times), cpu_ms: (user + system) / 1000 / queries };
}

/** Lot by lot all three ways by turns, so that what else the machine does meets them alike; the first lot warms up. */
async function measureBulk(store: MongoStore, db: Db, feedsSearch: boolean): Promise<MongoFigures["ingest"]> {
  const random = randomFrom(7).uniform;
  for (const name of stored) await copyIndexes(db, name, feedsSearch);
  const times = { ours: 0, alone: 0, together: 0 };
  for (let lot = 0; lot <= lots; lot++) {
    const versions = Array.from({ length: lotDocuments }, (_, index): DocumentVersion => {
      const parts = Array.from({ length: chunksPerDocument }, () => wordsOf(random, 150));
      return versionOf({ id: `d${lot}-${index}`, parts, vectors: parts.map(() => unitVector(random)) });
    });
    const ours = await seconds(versions, (version) => store.documents.put(scope, version));
    const made = await Promise.all(versions.map(({ document }) => rowsOf(db, document.document_id)));
    const alone = await seconds(made, ({ text_chunks: some }) =>
      db.collection("alone_text_chunks").insertMany(some, { writeConcern: { w: "majority" } }),
    );
    const together = await seconds(made, (some) => insertTogether(db, some));
    if (lot === 0) continue;
    times.ours += ours;
    times.alone += alone;
    times.together += together;
  }
  for (const name of stored) for (const copy of copiesOf(name)) await db.collection(copy).drop();
  const chunks = lots * lotDocuments * chunksPerDocument;
  return {
    ours_chunks_per_second: chunks / times.ours,
    insert_many_chunks_per_second: chunks / times.alone,
    share: times.alone / times.ours,
    transactions_chunks_per_second: chunks / times.together,
    share_of_transactions: times.together / times.ours,
  };
}

const stored = ["documents", "document_texts", "text_chunks"] as const;
const copiesOf = (name: string): readonly string[] => [`alone_${name}`, `together_${name}`];
type StoredRows = Readonly<Record<(typeof stored)[number], Document[]>>;

/** @param feedsSearch a write of this server feeds its search indexes itself, as `mongot` does in the background. */
async function copyIndexes(db: Db, name: string, feedsSearch: boolean): Promise<void> {
  const original = db.collection(name);
  const { validator } = (await original.options()) as { readonly validator?: Document };
  const listed = feedsSearch && name === "text_chunks" ? await original.listSearchIndexes().toArray() : [];
  const search = listed.map((index): SearchIndexDescription => {
    const { name: called, type, latestDefinition } = index as unknown as Listed;
    return { name: called, type, definition: latestDefinition };
  });
  for (const copy of copiesOf(name)) {
    await db.createCollection(copy, validator === undefined ? {} : { validator });
    for (const { key, name: called, unique } of await original.indexes())
      if (called !== "_id_") await db.collection(copy).createIndex(key, { unique: unique === true });
    if (search.length > 0) await db.collection(copy).createSearchIndexes(search);
  }
}

interface Listed {
  readonly name: string;
  readonly type: "search" | "vectorSearch";
  readonly latestDefinition: Document;
}

async function rowsOf(db: Db, documentId: string): Promise<StoredRows> {
  const read = (name: string): Promise<Document[]> => db.collection(name).find({ document_id: documentId }).toArray();
  const [document, texts, chunks] = await Promise.all(stored.map(read));
  return { documents: document!, document_texts: texts!, text_chunks: chunks! };
}

const insertTogether = (db: Db, some: StoredRows): Promise<unknown> =>
  db.client.withSession((session) =>
    session.withTransaction(
      async () => {
        for (const name of stored) await db.collection(`together_${name}`).insertMany(some[name], { session });
      },
      { readConcern: { level: "snapshot" }, writeConcern: { w: "majority" } },
    ),
  );

/** So many at once, each after the other in its line. */
async function seconds<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  const left = [...items];
  const line = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: writers }, line));
  return (performance.now() - started) / 1000;
}

/** Words as a text has them: few often, many seldom. */
const wordsOf = (random: () => number, count: number): string =>
  Array.from({ length: count }, () => {
    const index = Math.floor(random() ** 2 * 2000);
    return `${String.fromCharCode(97 + ((index * 7) % 26))}${index.toString(36)}x`;
  }).join(" ");

function unitVector(random: () => number): Float32Array {
  const values = Float32Array.from({ length: dimensions }, () => random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

export function mongoLines({
  server,
  chunks,
  ours,
  driver,
  driver_searches: searches,
  ingest,
}: MongoFigures): readonly string[] {
  const cost = ({ p50_ms, cpu_ms }: Cost): string => `${p50_ms.toFixed(2)} ms (CPU ${cpu_ms.toFixed(2)} ms)`;
  return [
    `MongoDB (${server}), ${chunks} passages, p50 of a hybrid search: ours ${cost(ours)}, the same commands by the driver ` +
      `${cost(driver)}, those that search alone ${cost(searches)}: we add ${(ours.p50_ms - driver.p50_ms).toFixed(2)} ms ` +
      `(CPU ${(ours.cpu_ms - driver.cpu_ms).toFixed(2)} ms)`,
    `bulk ingest: ${ingest.ours_chunks_per_second.toFixed(0)} chunks/s, insertMany of the same rows ` +
      `${ingest.insert_many_chunks_per_second.toFixed(0)}: ${(100 * ingest.share).toFixed(0)} %; documents, texts and ` +
      `passages by the driver in the same transactions ${ingest.transactions_chunks_per_second.toFixed(0)}: ` +
      `${(100 * ingest.share_of_transactions).toFixed(0)} %`,
  ];
}
